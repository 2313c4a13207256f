#!/usr/bin/env bash
# Start a Slurm of one node for tests, in folder $1: Debian's packages, without systemd, cgroups and
# accounting, on loopback only, with two made-up GPUs. stop.sh ends it.
# Exit status 77, with a sentence: such a Slurm cannot run on this machine.
set -euo pipefail

cannot() { echo "No Slurm can be started here: $1." >&2; exit 77; }

folder=$1
[ "$(id -u)" = 0 ] || cannot "its daemons need root"
# A test that was killed leaves a link that leads nowhere.
[ -e /etc/slurm/slurm.conf ] || rm -f /etc/slurm/slurm.conf
[ ! -e /etc/slurm/slurm.conf ] || cannot "/etc/slurm/slurm.conf belongs to another Slurm"
if ! { command -v slurmctld && command -v slurmd && command -v srun && command -v munged; } >/dev/null
then
    command -v apt-get >/dev/null || cannot "neither its programs nor apt-get are installed"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends \
        slurmctld slurmd slurm-client munge; } >&2 || cannot "apt-get could not install it"
fi

host=$(hostname -s)
mkdir -p "$folder"/{state,spool} /etc/slurm
head -c 128 /dev/urandom >"$folder/munge.key"
chmod 400 "$folder/munge.key"

# More processors and memory than there are (config_overrides), so that jobs that request much run
# on any machine.
cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=16817
SlurmdPort=16818
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthInfo=socket=$folder/munge.socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
ReturnToService=2
SlurmdParameters=config_overrides
MinJobAge=3600
KillWait=2
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 Gres=gpu:2
PartitionName=cpu Nodes=$host Default=YES MaxTime=1-0 State=UP
PartitionName=gpu Nodes=$host MaxTime=1-0 State=UP
CONF
# Any device can stand in for a GPU.
printf 'NodeName=%s Name=gpu File=/dev/tty%s\n' "$host" 0 "$host" 1 >"$folder/gres.conf"
echo CgroupAutomount=no >"$folder/cgroup.conf"
# Jobs do not inherit SLURM_CONF, so the file must be in its usual place.
ln -s "$folder/slurm.conf" /etc/slurm/slurm.conf

munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
    --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" --seed-file="$folder/munged.seed"
# By its own name, not by the link: Slurm looks for its other files in the folder of this one.
slurmctld -i -f "$folder/slurm.conf"
slurmd -f "$folder/slurm.conf"
for _ in $(seq 60); do
    [ "$(sinfo -h -o %T | sort -u)" != idle ] || exit 0
    sleep 0.5
done
tail -n 20 "$folder"/*.log >&2
exit 1

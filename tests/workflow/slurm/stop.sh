#!/usr/bin/env bash
# End the jobs, and the daemons that start.sh started in folder $1.
set -uo pipefail

folder=$1
[ "$(readlink /etc/slurm/slurm.conf)" = "$folder/slurm.conf" ] || exit 0
scancel --user=root
for daemon in slurmd slurmctld munged; do
    [ -s "$folder/$daemon.pid" ] || continue
    process=$(cat "$folder/$daemon.pid")
    kill "$process"
    while kill -0 "$process" 2>/dev/null; do sleep 0.2; done
done
rm /etc/slurm/slurm.conf

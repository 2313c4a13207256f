"""Read one Allen session file with AllenSDK and write its responses to the natural scenes.

Runs in the AllenSDK environment, which has older libraries than the rest of the workflow and no
Snakemake, hence the command line. The session file is opened for reading only.
"""

from pathlib import Path

from allensdk.brain_observatory.ecephys.ecephys_session import EcephysSession

from workflow_scripts.brains.allen.extraction import MISSING, Extraction, extract
from workflow_scripts.brains.allen.session_file import check_file, check_times, slimmed
from workflow_scripts.common.files import write_netcdf
from workflow_scripts.common.job import job, parse_arguments


def main() -> None:
    """The command that the rule runs."""
    arguments = parse_arguments(__doc__, nwb="session file to read", output="netCDF file to write")
    with job(arguments.log, [arguments.nwb], [arguments.output]):
        settings = Extraction(**arguments.settings)
        data_kind = check_file(arguments.nwb, settings.session)
        check_times(arguments.nwb)
        folder = Path(arguments.output).parent
        folder.mkdir(parents=True, exist_ok=True)
        with slimmed(arguments.nwb, folder) as copy:
            session = EcephysSession.from_nwb_path(str(copy), api_kwargs=settings.quality)
            # AllenSDK would read the structure of the file again for each of its tables.
            session.api._nwbfile = session.api.nwbfile
            responses = extract(session, arguments.nwb, data_kind, settings)
        encoding = {
            "spike_count": {"_FillValue": MISSING, "zlib": True},
            "trial_response": {"zlib": True},
        }
        write_netcdf(responses, arguments.output, encoding)


if __name__ == "__main__":
    main()

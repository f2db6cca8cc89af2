#!/bin/sh
# All tests of a project as an array of Slurm: each task runs one part.
#
#   sbatch --wait slurm.sh; nsh report merge results/*.json --output results.xml
#
#SBATCH --job-name=nsh-tests
#SBATCH --array=1-4
#SBATCH --cpus-per-task=2
#SBATCH --output=nsh-tests-%a.log
set -eu
cd "${SLURM_SUBMIT_DIR:-.}"
mkdir -p results
exec nsh test --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" --jobs "${SLURM_CPUS_PER_TASK:-1}" \
    --output "results/$SLURM_ARRAY_TASK_ID.json"

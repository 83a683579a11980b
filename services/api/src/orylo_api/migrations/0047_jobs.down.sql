-- Drops the jobs, also unfinished ones.
DROP TABLE api.job_files, api.jobs;

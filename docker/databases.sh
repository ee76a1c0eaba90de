#!/bin/sh
# Run once by PostgreSQL's image, when its volume is empty: a role and a database each for the three programs.
# The passwords are read by psql from its environment, so they never stand on a command line.
set -eu
psql --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv docloop DOCLOOP_DB_PASSWORD
\getenv label_studio LABEL_STUDIO_DB_PASSWORD
\getenv mlflow MLFLOW_DB_PASSWORD
CREATE ROLE docloop LOGIN PASSWORD :'docloop';
CREATE ROLE label_studio LOGIN PASSWORD :'label_studio';
CREATE ROLE mlflow LOGIN PASSWORD :'mlflow';
CREATE DATABASE docloop OWNER docloop;
CREATE DATABASE label_studio OWNER label_studio;
CREATE DATABASE mlflow OWNER mlflow;
REVOKE CONNECT ON DATABASE docloop, label_studio, mlflow FROM PUBLIC;
SQL

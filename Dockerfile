# Docloop's image: the web app, the workers, beat, and MLflow's server (the same package as the client's).
#
#   docker build -t docloop .                          without a GPU: PyTorch's CPU build, from its own index
#   docker build -t docloop --build-arg TORCH=cuda .   with CUDA: PyTorch and its libraries from PyPI (3 GB more)

FROM python:3.11-slim-bookworm AS build
ARG TORCH=cpu
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /build
COPY requirements.txt requirements.lock overrides.txt ./
# what Docloop runs with, at the versions of the lock; the lock also has the tools of development, which stay out
RUN uv venv /opt/venv \
 && if [ "$TORCH" = cpu ]; then backend="--torch-backend cpu"; else backend=""; fi \
 && uv pip install --python /opt/venv/bin/python --no-cache --compile-bytecode $backend \
      --override overrides.txt --constraint requirements.lock -r requirements.txt

FROM python:3.11-slim-bookworm
# 1001 is also the user of Label Studio's image, which reads the page images that we write for nobody else
RUN useradd --uid 1001 --create-home docloop \
 && install -d -o docloop -g docloop -m 700 /data /data/store /data/store/pages /mlflow
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY . .
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 DOCLOOP_DATA=/data \
    OMP_WAIT_POLICY=PASSIVE GOMP_SPINCOUNT=0 \
    MLFLOW_DISABLE_TELEMETRY=true DO_NOT_TRACK=true \
    MLFLOW_ALLOW_MODEL_CODE_EXECUTION=false MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false
RUN python manage.py collectstatic --noinput --verbosity 0
# the code stays root's: what serves it can't change it
USER docloop
EXPOSE 8000
CMD ["gunicorn", "webapp.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--timeout", "60", "--no-control-socket", "--logger-class", "webapp.gunicorn_lines.Lines"]

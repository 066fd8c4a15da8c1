# The gate as an image: `docker build --tag pyfmt .`, then in a monorepo
#   docker run --rm --volume "$PWD:/repo" pyfmt envs create --all
#   docker run --rm --volume "$PWD:/repo" pyfmt check
# Environments must be made in the image (their interpreter is the image's); the second volume that keeps the cache is
# `--volume pyfmt-cache:/cache`.
ARG PYTHON=3.12
FROM python:${PYTHON}-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory /repo
COPY pyproject.toml README.md LICENSE CHANGELOG.md /src/
COPY configs /src/configs
COPY examples/monorepo/tools /src/examples/monorepo/tools
COPY pyfmt /src/pyfmt
RUN python -m pip install --no-cache-dir '/src[jupyter]'
# Pythons that projects need besides, such as `--build-arg PYTHONS="3.10 3.11"`.
ARG PYTHONS=""
ENV UV_PYTHON_INSTALL_DIR=/opt/pythons XDG_CACHE_HOME=/cache
RUN if [ -n "$PYTHONS" ]; then python -m uv python install $PYTHONS; fi && mkdir --mode=1777 /cache
USER 1000
WORKDIR /repo
ENTRYPOINT ["pyfmt"]
CMD ["check"]

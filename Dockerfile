# Two stages: the build, and an image that holds one static binary and an empty state folder.
#
#   docker build --build-arg VERSION=$(git describe --tags --always) -t sekisho .
#   docker run -d --name sekisho -p 127.0.0.1:8899:8899 -p 127.0.0.1:9899:9899 \
#       -v sekisho-state:/var/lib/sekisho -v ./sekisho.yaml:/etc/sekisho/sekisho.yaml:ro sekisho
#
# A milter has no authentication: name the MTA's network in allowed_peers (the default is loopback, which from outside the container
# nobody has), and publish the ports to it alone. With a bind mount in place of the volume, the folder must belong to 65532:65532.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/sekisho ./cmd/sekisho
RUN mkdir -m 0750 /out/state

FROM scratch
COPY --from=build /out/sekisho /sekisho
COPY --from=build --chown=65532:65532 /out/state /var/lib/sekisho
USER 65532:65532
VOLUME /var/lib/sekisho
EXPOSE 8899 9899
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/sekisho", "health", "--web", "127.0.0.1:9899"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/sekisho"]
CMD ["serve", "--listen", "inet:8899@0.0.0.0", "--state", "/var/lib/sekisho", "--web", "0.0.0.0:9899"]

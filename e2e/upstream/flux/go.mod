// The flux command line as oracle: built by version, see ../README.md. Its own go.mod rules below it.
module skein.test/upstream/flux

go 1.26.0

require github.com/fluxcd/flux2/v2 v2.9.4

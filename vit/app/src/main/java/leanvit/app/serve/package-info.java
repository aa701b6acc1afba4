/**
 * The HTTP server: pictures in, answers out. {@link leanvit.app.serve.Server} is the way in; a file an endpoint.
 * Everything that a client can make large or slow is bounded here: connections, bodies, JSON trees, time.
 */
package leanvit.app.serve;

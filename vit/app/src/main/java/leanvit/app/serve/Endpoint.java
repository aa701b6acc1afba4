package leanvit.app.serve;

import java.io.IOException;

/** Answers the requests of one route. Safe for any number of threads. */
@FunctionalInterface
interface Endpoint {

    /**
     * Answers.
     *
     * @throws Problem     if there is no answer
     * @throws IOException if the connection breaks
     */
    Reply answer(Request request) throws Problem, IOException;
}

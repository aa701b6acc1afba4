package leanvit.app.serve;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The memory that bodies of requests take, all together: bounded, whatever clients claim or send. Room is taken as
 * bytes come, so that who only claims a length holds nothing; what a request took it gives back when it is over.
 */
final class BodyRoom {

    private static final int FIRST = 16 << 10;

    private final int mostOfOne;
    private final long most;
    private final AtomicLong taken = new AtomicLong();

    /**
     * Makes room.
     *
     * @param mostOfOne the most bytes of one body
     * @param most      the most bytes of all, at least twice that
     */
    BodyRoom(int mostOfOne, long most) {
        this.mostOfOne = mostOfOne;
        this.most = Math.max(most, 2L * mostOfOne);
    }

    /** Returns how many bytes are taken. */
    long taken() {
        return taken.get();
    }

    int mostOfOne() {
        return mostOfOne;
    }

    /** What one request holds. For one thread. */
    final class Share implements AutoCloseable {

        private long held;

        /**
         * Reads a body.
         *
         * @param length how long it is, at most {@link #mostOfOne}
         * @param end    when it must be there, by {@link System#nanoTime}
         * @throws Problem     if the bytes come too slowly or all bodies together are too large
         * @throws IOException if the connection breaks
         */
        byte[] read(InputStream in, int length, long end) throws Problem, IOException {
            byte[] body = new byte[(int) take(Math.min(length, FIRST))];
            int at = 0;
            while (at < length) {
                if (at == body.length) {
                    // The old array and the new one are there at once, for a moment.
                    int longer = (int) Math.min(length, 2L * body.length);
                    take(longer);
                    body = Arrays.copyOf(body, longer);
                    give(at);
                }
                int count = in.read(body, at, body.length - at);
                if (count < 0) {
                    throw new IOException("the client went away");
                }
                at += count;
                if (at < length && System.nanoTime() - end > 0) {
                    throw new Problem(Problem.REQUEST_TIMEOUT, "slow_body", "the body did not come in time: " + at
                            + " of " + length + " bytes").with("Connection", "close");
                }
            }
            return body;
        }

        private long take(long bytes) throws Problem {
            if (taken.addAndGet(bytes) > most) {
                taken.addAndGet(-bytes);
                throw Problem.unavailable("no_room", "other requests' bodies take all the memory there is for them")
                        .with("Connection", "close");
            }
            held += bytes;
            return bytes;
        }

        /** Returns the most bytes of a body. */
        int most() {
            return mostOfOne;
        }

        private void give(long bytes) {
            taken.addAndGet(-bytes);
            held -= bytes;
        }

        @Override
        public void close() {
            give(held);
        }
    }
}

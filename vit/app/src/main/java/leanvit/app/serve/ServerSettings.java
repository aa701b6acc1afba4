package leanvit.app.serve;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Batcher;
import leanvit.vit.Classifier;

/**
 * What a {@link Server} serves, and within which bounds.
 *
 * @param address  where it listens; port 0 takes any that is free
 * @param models   by name, at least one, each with the reducer that a request gets that asks for none; the first is
 *                 what a request gets that names none
 * @param offered  the other reducers that a request may ask for; null offers the usual methods, from mild to strong
 * @param batching how pictures are gathered
 * @param mostBody the most bytes of a body
 * @param deadline how long a body may take to come, and a picture to be answered
 * @param threads  requests under way at once; what connects beyond is closed
 * @param tokens   one of which each request must have; none where anybody may
 */
public record ServerSettings(InetSocketAddress address, Map<String, Classifier> models, List<TokenReducer> offered,
        Batcher.Settings batching, int mostBody, Duration deadline, int threads, List<String> tokens) {

    /** Requests under way at once, unless somebody says otherwise. */
    public static final int USUAL_THREADS = 512;
}

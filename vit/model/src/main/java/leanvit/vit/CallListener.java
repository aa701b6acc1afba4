package leanvit.vit;

/**
 * Hears of every batch that a {@link Classifier} ran: for meters and logs. With Micrometer:
 *
 * <pre>{@code
 * Classifier counted = classifier.with(call -> {
 *     registry.counter("leanvit.pictures", "reducer", call.reducer()).increment(call.pictures());
 *     registry.timer("leanvit.decode").record(call.decodeNanos(), TimeUnit.NANOSECONDS);
 *     registry.timer("leanvit.model").record(call.modelNanos(), TimeUnit.NANOSECONDS);
 * });
 * }</pre>
 *
 * <p>Called on the thread of the call, before it returns, by any number of threads at once: implementations are
 * thread-safe and quick. What they throw comes out of the call.
 */
@FunctionalInterface
public interface CallListener {

    /** A batch was answered. */
    void answered(CallReport call);

    /** A call was refused; by default nothing happens. */
    default void refused(RefusedException refusal) {
    }
}

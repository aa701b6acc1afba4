package leanvit.kernels;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Small working memory that a kernel takes for a call and gives back, so that a warm call allocates nothing and no
 * thread needs memory of its own. At most 16 are kept: of more simultaneous calls than that, the others allocate
 * theirs. Thread-safe, without a lock.
 */
final class Spares<T> {

    private static final int SLOTS = 16;

    private final AtomicReferenceArray<T> idle = new AtomicReferenceArray<>(SLOTS);

    /** Returns one that nobody else uses, or null where none is idle. */
    T take() {
        int first = slot();
        for (int i = 0; i < SLOTS; i++) {
            T spare = idle.getAndSet(first + i & SLOTS - 1, null);
            if (spare != null) {
                return spare;
            }
        }
        return null;
    }

    /** Keeps one for the next call, if there is room. */
    void giveBack(T spare) {
        int first = slot();
        for (int i = 0; i < SLOTS; i++) {
            if (idle.compareAndSet(first + i & SLOTS - 1, null, spare)) {
                return;
            }
        }
    }

    /** Neighbouring threads begin at different slots. */
    @SuppressWarnings("deprecation") // Thread.threadId() comes with Java 19.
    private static int slot() {
        return (int) Thread.currentThread().getId() & SLOTS - 1;
    }
}

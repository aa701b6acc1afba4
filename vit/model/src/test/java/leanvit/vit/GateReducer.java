package leanvit.vit;

import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import leanvit.reducers.LayerTokens;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Need;
import leanvit.reducers.TokenMap;
import leanvit.reducers.TokenReducer;

/** Changes nothing, and in block 0 waits until the test lets it go on: holds a pass where a test wants it. */
final class GateReducer implements TokenReducer {

    /** Counted down as a pass comes to the gate. */
    final CountDownLatch reached = new CountDownLatch(1);
    private final CountDownLatch open = new CountDownLatch(1);

    /** Lets all passes through, now and later. */
    void open() {
        open.countDown();
    }

    void awaitPass() throws InterruptedException {
        if (!reached.await(60, TimeUnit.SECONDS)) {
            throw new AssertionError("no pass came to the gate");
        }
    }

    @Override
    public String spec() {
        return "gate";
    }

    @Override
    public boolean reducesAt(ModelShape model, int layer) {
        return layer == 0;
    }

    @Override
    public Set<Need> needs() {
        return Set.of();
    }

    @Override
    public void reduce(LayerTokens tokens, TokenMap map) {
        reached.countDown();
        boolean interrupted = false;
        while (true) {
            try {
                if (!open.await(60, TimeUnit.SECONDS)) {
                    throw new AssertionError("the gate stayed shut");
                }
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        map.keepRange(0, tokens.count());
    }
}

package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import leanvit.reducers.Reducers;
import leanvit.testdata.ChildJvm;
import leanvit.testdata.TestData;
import leanvit.vit.RefusedException.Reason;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls at once cost bounded scratch, wait their turn or are refused, and end early without harm. */
@Timeout(120)
class CallLimitsTest {

    private static Classifier dense;
    private static RgbImage cup;
    private static ExecutorService threads;

    @BeforeAll
    static void load() throws IOException {
        dense = Classifier.load(TestData.path("demo/model"));
        cup = Pictures.read(TestData.path("demo/pictures/cup.png"));
        threads = Executors.newCachedThreadPool();
    }

    @AfterAll
    static void close() {
        threads.shutdown();
    }

    private static void assertRefused(Reason reason, Callable<?> call) {
        assertThatThrownBy(call::call).isInstanceOfSatisfying(RefusedException.class,
                refusal -> assertThat(refusal.reason()).isEqualTo(reason));
    }

    /** Platform threads on JDK 17. */
    private static ExecutorService manyThreads() {
        try {
            return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (ReflectiveOperationException e) {
            return Executors.newCachedThreadPool(work -> new Thread(null, work, "many", 128 << 10));
        }
    }

    @Test
    void aThousandThreadsCostNoMoreScratchThanConcurrency() throws Exception {
        Classifier two = dense.with(CallLimits.usual().withConcurrency(2)).with(Reducers.parse("tome:r=16"));
        Classifier other = two.with(Reducers.parse("topk:keep=0.5"));
        List<Prediction> expected = two.classify(cup, 16);
        List<Prediction> expectedOther = other.classify(cup, 16);
        AtomicInteger most = new AtomicInteger();
        ExecutorService many = manyThreads();
        try {
            List<Future<List<Prediction>>> answers = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                Classifier each = i % 2 == 0 ? two : other;
                answers.add(many.submit(() -> {
                    List<Prediction> answer = each.classify(cup, 16);
                    most.accumulateAndGet(each.pool().runners(), Math::max);
                    return answer;
                }));
            }
            for (int i = 0; i < answers.size(); i++) {
                assertThat(answers.get(i).get()).isEqualTo(i % 2 == 0 ? expected : expectedOther);
            }
        } finally {
            many.shutdown();
        }
        assertThat(most.get()).isBetween(1, 2);
        assertThat(two.pool()).isSameAs(other.pool()).isNotSameAs(dense.pool());
        assertThat(two.pool().idle()).isBetween(1, 2);
    }

    @Test
    void aThousandThreadsFitAHeapThatTwoCallsFit() throws Exception {
        assertThat(ChildJvm.likeThis().with("-Xmx40m").run(Program.class, TestData.path("demo/model").toString(),
                TestData.path("demo/pictures/cup.png").toString())).contains("1000 right");
    }

    /** Classifies a picture from a thousand threads: scratch for each would take gigabytes. */
    static final class Program {

        public static void main(String[] arguments) throws Exception {
            Classifier classifier = Classifier.load(java.nio.file.Path.of(arguments[0]))
                    .with(CallLimits.usual().withConcurrency(2)).with(Reducers.parse("tome:r=16"));
            byte[] file = java.nio.file.Files.readAllBytes(java.nio.file.Path.of(arguments[1]));
            ExecutorService many = manyThreads();
            List<Future<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                answers.add(many.submit(() -> classifier.classify(file, 1).get(0).index()));
            }
            int right = 0;
            for (Future<Integer> answer : answers) {
                right += answer.get() == 4 ? 1 : 0;
            }
            System.out.println(right + " right");
            System.exit(0);
        }
    }

    @Test
    void aCallThatMayNotWaitIsRefusedAtOnce() throws Exception {
        GateReducer gate = new GateReducer();
        List<RefusedException> heard = new ArrayList<>();
        Classifier one = dense.with(CallLimits.usual().withConcurrency(1).withPatience(Duration.ZERO))
                .with(new CallListener() {
                    @Override
                    public void answered(CallReport call) {
                        // Not asked here.
                    }

                    @Override
                    public void refused(RefusedException refusal) {
                        heard.add(refusal);
                    }
                }).with(gate);
        Future<List<Prediction>> first = threads.submit(() -> one.classify(cup, 16));
        gate.awaitPass();
        assertRefused(Reason.BUSY, () -> one.classify(cup, 1));
        assertThat(heard).hasSize(1).allSatisfy(refusal -> assertThat(refusal).hasMessage(
                "1 calls are under way, as many as may be, and none ended within 0 ms"));
        gate.open();
        assertThat(first.get()).isEqualTo(dense.classify(cup, 16)).isEqualTo(one.classify(cup, 16));
    }

    @Test
    void aCallEndsBetweenBlocksWhenItsTimeIsUp() throws Exception {
        GateReducer gate = new GateReducer();
        Duration time = Duration.ofMillis(50);
        Classifier hurried = dense.with(CallLimits.usual().withConcurrency(1).withTime(time)).with(gate);
        Future<?> late = threads.submit(() -> hurried.classify(cup, 1));
        gate.awaitPass();
        Thread.sleep(2 * time.toMillis());
        gate.open();
        assertThatThrownBy(late::get).hasCauseInstanceOf(RefusedException.class)
                .hasRootCauseMessage("the time for this call is up");
        // Its runner is back, and whole.
        assertThat(hurried.pool().idle()).isEqualTo(1);
        Classifier patient = dense.with(CallLimits.usual().withConcurrency(1)).with(gate);
        assertThat(patient.classify(cup, 16)).isEqualTo(dense.classify(cup, 16));
        Classifier none = dense.with(CallLimits.usual().withTime(Duration.ZERO));
        assertRefused(Reason.DEADLINE, () -> none.classify(cup, 1));
    }

    @Test
    void aCallEndsBetweenBlocksWhenItsThreadIsInterrupted() throws Exception {
        GateReducer gate = new GateReducer();
        Classifier one = dense.with(CallLimits.usual().withConcurrency(1)).with(gate);
        AtomicBoolean still = new AtomicBoolean();
        Thread[] thread = new Thread[1];
        Future<?> interrupted = threads.submit(() -> {
            thread[0] = Thread.currentThread();
            try {
                return one.classify(cup, 1);
            } finally {
                still.set(Thread.interrupted());
            }
        });
        gate.awaitPass();
        Future<?> waiting = threads.submit(() -> {
            Thread.currentThread().interrupt();
            try {
                return one.classify(cup, 1);
            } finally {
                Thread.interrupted();
            }
        });
        assertThatThrownBy(waiting::get).hasRootCauseMessage("the thread was interrupted");
        thread[0].interrupt();
        gate.open();
        assertThatThrownBy(interrupted::get).hasCauseInstanceOf(RefusedException.class)
                .hasRootCauseMessage("the thread was interrupted");
        assertThat(still).isTrue();
        assertThat(one.classify(cup, 16)).isEqualTo(dense.classify(cup, 16));
        assertThat(one.pool().runners()).isEqualTo(1);
    }

    @Test
    void idleScratchIsGivenBack() throws Exception {
        Classifier brief = dense.with(CallLimits.usual().withIdle(Duration.ofMillis(20)));
        brief.classify(cup, 1);
        for (int i = 0; i < 500 && brief.pool().runners() > 0; i++) {
            Thread.sleep(10);
        }
        assertThat(brief.pool().runners()).isZero();
        assertThat(brief.classify(cup, 16)).isEqualTo(dense.classify(cup, 16));
    }

    @Test
    void aClosedClassifierRefuses() {
        Classifier open = dense.with(CallLimits.usual());
        open.classify(cup, 1);
        open.with(Reducers.parse("tome:r=8")).close();
        assertThat(open.pool().runners()).isZero();
        assertRefused(Reason.CLOSED, () -> open.classify(cup, 1));
        assertThat(dense.classify(cup, 1)).hasSize(1);
    }

    @Test
    void warmingUpTellsWhatItTook() {
        WarmUp warm = dense.warmUp(Duration.ofSeconds(20));
        assertThat(warm.passes()).isGreaterThanOrEqualTo(1);
        assertThat(warm.took()).isPositive().isGreaterThanOrEqualTo(warm.first());
        assertThat(warm.toString()).contains(warm.passes() + " pictures in ");
        WarmUp least = dense.warmUp(Duration.ZERO);
        assertThat(least.passes()).isEqualTo(1);
        assertThat(least.steady()).isFalse();
    }

    @Test
    void aListenerHearsWhatABatchTook() {
        List<CallReport> heard = new ArrayList<>();
        Classifier told = dense.with(Reducers.parse("tome:r=16")).with(heard::add);
        told.run(List.of(Picture.of(cup), Picture.of(new byte[1]), Picture.of(cup)), 1);
        assertThat(heard).hasSize(1);
        CallReport report = heard.get(0);
        assertThat(report.reducer()).isEqualTo("tome:r=16");
        assertThat(report.pictures()).isEqualTo(2);
        assertThat(report.broken()).isEqualTo(1);
        assertThat(report.tokens()).hasSize(7).startsWith(2 * 145, 2 * 129).endsWith(2 * 49);
        assertThat(report.macs()).isEqualTo(2 * told.run(cup, 1).macs());
        assertThat(report.modelNanos()).isPositive();
        assertThat(report.resizeNanos()).isPositive();
    }

    @Test
    void limitsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> CallLimits.usual().withConcurrency(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("concurrency is 0 and batch 8, expected 1 or more");
        assertThatThrownBy(() -> CallLimits.usual().withTime(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("time is ");
        assertThat(CallLimits.nanos(CallLimits.FOREVER)).isEqualTo(Long.MAX_VALUE / 2);
    }
}

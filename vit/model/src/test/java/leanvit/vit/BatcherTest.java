package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import leanvit.reducers.Reducers;
import leanvit.testdata.TestData;
import leanvit.vit.RefusedException.Reason;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class BatcherTest {

    private static final Batcher.Settings ONE_WORKER = Batcher.Settings.usual().withWorkers(1);

    private static Classifier dense;
    private static RgbImage cup;
    private static RgbImage car;

    @BeforeAll
    static void load() throws IOException {
        dense = Classifier.load(TestData.path("demo/model"));
        cup = Pictures.read(TestData.path("demo/pictures/cup.png"));
        car = Pictures.read(TestData.path("demo/pictures/car.png"));
    }

    private static void assertRefused(Reason reason, CompletableFuture<?> future) {
        assertThatThrownBy(() -> future.get(60, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class).cause()
                .isInstanceOfSatisfying(RefusedException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(reason));
    }

    @Test
    void whatWaitsGoesTogetherByClassifier() throws Exception {
        GateReducer gate = new GateReducer();
        List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
        Classifier gated = dense.with(gate);
        Classifier tome = dense.with(Reducers.parse("tome:r=8")).with(call -> sizes.add(call.pictures()));
        Classifier ltmp = dense.with(Reducers.parse("evit:keep=0.5")).with(call -> sizes.add(-call.pictures()));
        try (Batcher batcher = new Batcher(ONE_WORKER.withMaxBatch(4))) {
            CompletableFuture<Classification> held = batcher.submit(gated, Picture.of(cup), 1);
            gate.awaitPass();
            List<CompletableFuture<Classification>> answers = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                answers.add(batcher.submit(i % 3 == 0 ? ltmp : tome, Picture.of(i % 2 == 0 ? cup : car), i % 3));
            }
            CompletableFuture<Classification> broken = batcher.submit(tome, Picture.of(new byte[] {1}), 1);
            assertThat(batcher.waiting()).isEqualTo(13);
            gate.open();
            assertThat(held.get().predictions()).isEqualTo(dense.classify(cup, 1));
            for (int i = 0; i < 12; i++) {
                Classification expected = (i % 3 == 0 ? ltmp : tome).run(i % 2 == 0 ? cup : car, i % 3);
                assertThat(answers.get(i).get().logits()).as("picture %d", i).isEqualTo(expected.logits());
                assertThat(answers.get(i).get().predictions()).hasSize(i % 3).isEqualTo(expected.predictions());
            }
            assertThatThrownBy(broken::get).hasCauseInstanceOf(InvalidInputException.class);
        }
        // The twelve calls of the comparison are batches of one.
        assertThat(sizes.stream().filter(size -> Math.abs(size) > 1)).containsExactlyInAnyOrder(-4, 4, 4);
    }

    @Test
    void aFullQueueIsToldAtOnce() throws Exception {
        GateReducer gate = new GateReducer();
        Classifier gated = dense.with(gate);
        Batcher batcher = new Batcher(ONE_WORKER.withQueue(2).withMaxBatch(1));
        CompletableFuture<Classification> held = batcher.submit(gated, Picture.of(cup), 1);
        gate.awaitPass();
        CompletableFuture<Classification> second = batcher.submit(gated, Picture.of(cup), 1);
        CompletableFuture<Classification> third = batcher.submit(gated, Picture.of(cup), 1);
        assertThatThrownBy(() -> batcher.submit(gated, Picture.of(cup), 1))
                .isInstanceOfSatisfying(RefusedException.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Reason.QUEUE_FULL))
                .hasMessage("2 pictures wait already, as many as may");
        // A place that nobody wants any more is free.
        third.cancel(true);
        CompletableFuture<Classification> fourth = batcher.submit(gated, Picture.of(car), 1);
        gate.open();
        batcher.close();
        assertThat(held.get().predictions()).isEqualTo(second.get().predictions());
        assertThat(fourth.get().predictions()).isEqualTo(dense.classify(car, 1));
        assertThatThrownBy(() -> batcher.submit(gated, Picture.of(cup), 1)).isInstanceOf(RefusedException.class)
                .hasMessage("this batcher is closed");
    }

    @Test
    void whatIsLateOrUnwantedIsNotRun() throws Exception {
        GateReducer gate = new GateReducer();
        List<CallReport> ran = Collections.synchronizedList(new ArrayList<>());
        Classifier gated = dense.with(gate).with(ran::add);
        Duration time = Duration.ofMillis(100);
        try (Batcher batcher = new Batcher(ONE_WORKER.withTime(time))) {
            CompletableFuture<Classification> held = batcher.submit(gated, Picture.of(cup), 1);
            gate.awaitPass();
            CompletableFuture<Classification> waiting = batcher.submit(gated, Picture.of(cup), 1);
            Thread.sleep(2 * time.toMillis());
            gate.open();
            assertRefused(Reason.DEADLINE, held);
            assertRefused(Reason.DEADLINE, waiting);
        }
        assertThat(ran).isEmpty();
        GateReducer second = new GateReducer();
        try (Batcher batcher = new Batcher(ONE_WORKER)) {
            CompletableFuture<Classification> held =
                    batcher.submit(dense.with(second).with(ran::add), Picture.of(cup), 1);
            second.awaitPass();
            held.cancel(true);
            second.open();
        }
        assertThat(ran).isEmpty();
    }

    @Test
    void whatCannotBeDoneInTimeIsNotRun() throws Exception {
        GateReducer gate = new GateReducer();
        List<CallReport> ran = Collections.synchronizedList(new ArrayList<>());
        Classifier told = dense.with(ran::add);
        try (Batcher batcher = new Batcher(ONE_WORKER.withTime(Duration.ofSeconds(60)))) {
            CompletableFuture<Classification> slow = batcher.submit(dense.with(gate), Picture.of(cup), 1);
            gate.awaitPass();
            Thread.sleep(800);
            gate.open();
            slow.get();
            // A batch lately took 100 ms, a mean of eight.
            assertRefused(Reason.DEADLINE, batcher.submit(told, Picture.of(cup), 1, Duration.ofMillis(90)));
            assertThat(ran).isEmpty();
            assertThat(batcher.submit(told, Picture.of(cup), 1, Duration.ofSeconds(60)).get().predictions())
                    .isEqualTo(dense.classify(cup, 1));
        }
    }

    @Test
    void aDelayGathersWhatComesSoon() throws Exception {
        List<Integer> sizes = Collections.synchronizedList(new ArrayList<>());
        Classifier told = dense.with(call -> sizes.add(call.pictures()));
        try (Batcher batcher = new Batcher(ONE_WORKER.withMaxBatch(3).withMaxDelay(Duration.ofSeconds(30)))) {
            List<CompletableFuture<Classification>> answers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                answers.add(batcher.submit(told, Picture.of(cup), 1));
            }
            // Not after half a minute: the batch is full.
            for (CompletableFuture<Classification> answer : answers) {
                answer.get(25, TimeUnit.SECONDS);
            }
        }
        assertThat(sizes).containsExactly(3);
    }

    @Test
    void aTraceRunsByItself() throws Exception {
        try (Batcher batcher = new Batcher(ONE_WORKER)) {
            PictureTrace trace = batcher.trace(dense, Picture.of(cup), 2).get();
            assertThat(trace.classification().predictions()).isEqualTo(dense.classify(cup, 2));
            assertThat(trace.blocks()).hasSize(6);
            assertThatThrownBy(() -> batcher.trace(dense, Picture.of(new byte[2]), 2).get())
                    .hasCauseInstanceOf(InvalidInputException.class);
        }
    }

    @Test
    void closingWithALimitEndsWhatIsLeft() throws Exception {
        GateReducer gate = new GateReducer();
        Classifier gated = dense.with(gate);
        Batcher batcher = new Batcher(ONE_WORKER.withMaxBatch(1));
        CompletableFuture<Classification> held = batcher.submit(gated, Picture.of(cup), 1);
        gate.awaitPass();
        CompletableFuture<Classification> waiting = batcher.submit(gated, Picture.of(cup), 1);
        batcher.close(Duration.ofMillis(10));
        assertRefused(Reason.CLOSED, waiting);
        gate.open();
        assertRefused(Reason.CANCELLED, held);
    }

    @Test
    void settingsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> Batcher.Settings.usual().withQueue(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("queue 0, ");
    }
}

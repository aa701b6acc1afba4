package leanvit.vit;

import java.util.Arrays;
import java.util.stream.Collectors;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import leanvit.kernels.Provider;

/**
 * Events for the JDK's Flight Recorder: {@code leanvit.ModelLoad}, {@code leanvit.Inference}, {@code leanvit.Refusal}.
 * Costs next to nothing while nobody records; where a runtime lacks the module {@code jdk.jfr}, nothing at all.
 */
final class Flight {

    private static final boolean PRESENT = isPresent();

    private Flight() {
    }

    private static boolean isPresent() {
        try {
            Class.forName("jdk.jfr.Event", false, Flight.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    /** Begins the event of a batch; null where nobody could record it. */
    static Object beginInference() {
        return PRESENT ? Events.beginInference() : null;
    }

    /** Ends the event of a batch. */
    static void endInference(Object event, CallReport call) {
        if (PRESENT) {
            Events.endInference(event, call);
        }
    }

    /** Begins the event of a model that is loaded; null where nobody could record it. */
    static Object beginLoad() {
        return PRESENT ? Events.beginLoad() : null;
    }

    /** Ends the event of a model that is loaded. */
    static void endLoad(Object event, String source, VisionTransformer model) {
        if (PRESENT) {
            Events.endLoad(event, source, model);
        }
    }

    /** Tells of a call that was refused. */
    static void refused(RefusedException refusal) {
        if (PRESENT) {
            Events.refused(refusal);
        }
    }

    /** Loaded only where there is a Flight Recorder: no signature that others verify names its types. */
    private static final class Events {

        private static final double NANOS_PER_MILLI = 1e6;

        @Name("leanvit.Inference")
        @Label("Inference")
        @Description("A batch of pictures, from the call to its answer")
        @Category("LeanViT")
        @StackTrace(false)
        static final class Inference extends Event {
            @Label("Model")
            String model;
            @Label("Reducer")
            String reducer;
            @Label("Pictures")
            int pictures;
            @Label("Broken Pictures")
            int broken;
            @Label("Tokens")
            @Description("Of all pictures together: before the first block, then after each block")
            String tokens;
            @Label("MACs")
            long macs;
            @Label("Wait, ms")
            double waitMillis;
            @Label("Decode, ms")
            double decodeMillis;
            @Label("Resize, ms")
            double resizeMillis;
            @Label("Model, ms")
            double modelMillis;
        }

        @Name("leanvit.ModelLoad")
        @Label("Model Load")
        @Category("LeanViT")
        @StackTrace(false)
        static final class ModelLoad extends Event {
            @Label("Model")
            String model;
            @Label("Source")
            String source;
            @Label("Parameters")
            long parameters;
            @Label("Weights")
            @DataAmount
            long bytes;
            @Label("Provider")
            String provider;
        }

        @Name("leanvit.Refusal")
        @Label("Refusal")
        @Description("A call that was not answered though nothing was wrong with it")
        @Category("LeanViT")
        static final class Refusal extends Event {
            @Label("Reason")
            String reason;
            @Label("Message")
            String message;
        }

        static Object beginInference() {
            Event event = new Inference();
            event.begin();
            return event;
        }

        static Object beginLoad() {
            Event event = new ModelLoad();
            event.begin();
            return event;
        }

        static void endInference(Object begun, CallReport call) {
            Inference event = (Inference) begun;
            event.end();
            if (event.shouldCommit()) {
                event.model = call.model();
                event.reducer = call.reducer();
                event.pictures = call.pictures();
                event.broken = call.broken();
                event.tokens = Arrays.stream(call.tokens()).mapToObj(Long::toString).collect(Collectors.joining(" "));
                event.macs = call.macs();
                event.waitMillis = call.waitNanos() / NANOS_PER_MILLI;
                event.decodeMillis = call.decodeNanos() / NANOS_PER_MILLI;
                event.resizeMillis = call.resizeNanos() / NANOS_PER_MILLI;
                event.modelMillis = call.modelNanos() / NANOS_PER_MILLI;
                event.commit();
            }
        }

        static void endLoad(Object begun, String source, VisionTransformer model) {
            ModelLoad event = (ModelLoad) begun;
            event.end();
            if (event.shouldCommit()) {
                event.model = model.config().architecture();
                event.source = source;
                event.parameters = model.parameters();
                event.bytes = Float.BYTES * model.parameters();
                event.provider = Provider.describe();
                event.commit();
            }
        }

        static void refused(RefusedException refusal) {
            Refusal event = new Refusal();
            if (event.shouldCommit()) {
                event.reason = refusal.reason().name();
                event.message = refusal.getMessage();
                event.commit();
            }
        }
    }
}

package leanvit.app.cli;

import java.io.IOException;
import java.util.Locale;
import leanvit.app.eval.PassTiming;
import leanvit.reducers.TokenReducer;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.json.JsonWriter;

/** {@code bench}: times forward passes. */
final class BenchCommand implements Command {

    private static final int MAX_BATCH = 4096;
    private static final double MAX_SECONDS = 86_400;
    private static final double WARM_UP_SECONDS = 3;

    @Override
    public Syntax syntax() {
        return new Syntax("bench", "", "Time forward passes of a model.")
                .model()
                .text("--arch", "NAME",
                "instead of --model: an architecture of timm's with seeded random weights, such as "
                        + "vit_small_patch16_224")
                .whole("--batch", "B", 1, MAX_BATCH, 1, "images per pass")
                .number("--seconds", "S", 0.01, MAX_SECONDS, 10.0, "how long to time; a warm-up of "
                        + Math.round(WARM_UP_SECONDS) + " seconds goes before")
                .json()
                .note("The input is noise; a reducer whose thresholds look at the image (ltmp) removes other numbers "
                + "of tokens from pictures. GMACs are 10^9 multiply-accumulates, as the papers count them; GFLOP/s "
                        + "counts two operations for each. Bytes are those that the pass allocates, its result "
                        + "included.")
                .example("--arch vit_small_patch16_224 --reducer tome:r=16 --batch 8")
                .example("--model deit-tiny --seconds 30 --json");
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        TokenReducer reducer = Models.reducer(options, terminal);
        VisionTransformer model = Models.transformer(options, terminal);
        Inference inference = Models.withThreads(model.inference(), options).with(reducer);
        PassTiming timing = PassTiming.measure(inference, options.whole("--batch"), WARM_UP_SECONDS,
                options.number("--seconds"), share -> terminal.progress(Math.round(100 * share) + " %"));
        terminal.endProgress();
        if (options.has("--json")) {
            terminal.out().println(json(options, model, timing));
        } else {
            print(options, model, timing, terminal);
        }
        return DONE;
    }

    private static JsonWriter json(Options options, VisionTransformer model, PassTiming timing) {
        return new JsonWriter().beginObject()
                .name("model").value(model.config().architecture())
                .name("reducer").value(options.text("--reducer"))
                .name("batch").value(timing.batch())
                .name("threads").value(options.whole("--threads"))
                .name("passes").value(timing.passes())
                .name("ms_per_image").value(timing.median())
                .name("ms_per_image_q1").value(timing.lowerQuartile())
                .name("ms_per_image_q3").value(timing.upperQuartile())
                .name("images_per_s").value(timing.imagesPerSecond())
                .name("gmacs").value(timing.macs() / 1e9)
                .name("gflops").value(timing.gflops())
                .name("tokens_out").value(timing.tokens())
                .name("bytes_per_pass").tree(timing.bytes() < 0 ? null : timing.bytes())
                .endObject();
    }

    private static void print(Options options, VisionTransformer model, PassTiming timing, Terminal terminal) {
        terminal.out().print(String.format(Locale.ROOT, """
                %s, %s, batch %d, threads %d
                %10.2f ms per image (median of %d passes; quartiles %.2f and %.2f)
                %10.1f images/s
                %10.3f GMACs per image
                %10.1f GFLOP/s
                %10.1f tokens at the end, of %d
                %10s bytes allocated per pass
                """, model.config().architecture(), options.text("--reducer"), timing.batch(),
                options.whole("--threads"),
                timing.median(), timing.passes(), timing.lowerQuartile(), timing.upperQuartile(),
                timing.imagesPerSecond(),
                timing.macs() / 1e9, timing.gflops(), timing.tokens(), model.shape().tokens(),
                timing.bytes() < 0 ? "unknown" : timing.bytes()));
    }
}

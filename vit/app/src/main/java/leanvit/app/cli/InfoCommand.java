package leanvit.app.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import leanvit.app.eval.ReductionCost;
import leanvit.kernels.Provider;
import leanvit.reducers.Reducers;
import leanvit.reducers.TokenReducer;
import leanvit.vit.VisionTransformer;
import leanvit.vit.image.Preprocessing;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.Parts;
import leanvit.vit.weights.VitConfig;

/** {@code info}: what runs here, and what a model is and costs. */
final class InfoCommand implements Command {

    @Override
    public Syntax syntax() {
        return new Syntax("info", "",
                "Tell what runs here: JDK, SIMD; with --model, the layers, parameters, cost per reducer.")
                .text("--model", "DIR", "the model's directory, with config.json and model.safetensors")
                .reducers()
                .json()
                .note("GMACs are 10^9 multiply-accumulates per image, counted from a pass over noise. Where a reducer "
                + "decides by the image how many tokens go, this is said.")
                .example("--model deit-tiny --reducers \"none;tome:r=8;tome:r=16\"");
    }

    @Override
    public int run(Options options, Terminal terminal) throws IOException, UsageException {
        List<TokenReducer> reducers = Models.reducers(options, terminal);
        if (options.has("--reducers") && !options.has("--model")) {
            throw new UsageException("--reducers goes with --model");
        }
        if (!options.has("--model")) {
            print(options, terminal, null, null, null);
            return DONE;
        }
        try (Checkpoint checkpoint = Models.open(options)) {
            VisionTransformer model = VisionTransformer.of(checkpoint.config(), checkpoint);
            Models.warn(checkpoint, terminal);
            List<ReductionCost> costs = ReductionCost.of(Models.withThreads(model.inference(), options),
                    reducers.isEmpty() ? Reducers.usual(model.shape()) : reducers);
            print(options, terminal, model, checkpoint, costs);
        }
        return DONE;
    }

    private static void print(Options options, Terminal terminal, VisionTransformer model, Checkpoint checkpoint,
                              List<ReductionCost> costs) {
        if (options.has("--json")) {
            JsonWriter json = new JsonWriter().beginObject();
            machine(json);
            if (model != null) {
                model(json, model, checkpoint, costs);
            }
            terminal.out().println(json.endObject());
        } else {
            machine(terminal);
            if (model != null) {
                model(terminal, model, checkpoint, costs);
            }
        }
    }

    /** Returns the program's version; a jar knows it. */
    static String version() {
        String version = InfoCommand.class.getPackage().getImplementationVersion();
        return version == null ? "(not from a jar)" : version;
    }

    private static void machine(JsonWriter json) {
        json.name("leanvit").value(version())
                .name("java").value(Runtime.version().toString())
                .name("vm").value(vm())
                .name("os").value(os())
                .name("processors").value(Runtime.getRuntime().availableProcessors())
                .name("heap_bytes").value(Runtime.getRuntime().maxMemory())
                .name("simd").value(Provider.vectorBits() > 0)
                .name("vector_bits").value(Provider.vectorBits())
                .name("provider").value(Provider.name())
                .name("reason").value(Provider.reason());
    }

    private static void machine(Terminal terminal) {
        terminal.out().print(String.format(Locale.ROOT, """
                leanvit     %s
                java        %s (%s)
                system      %s, %d processors, heap up to %d MiB
                kernels     %s
                """, version(), Runtime.version(), vm(), os(), Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory() >> 20, Provider.describe()));
    }

    private static String vm() {
        return System.getProperty("java.vm.name") + ", " + System.getProperty("java.vendor");
    }

    private static String os() {
        return System.getProperty("os.name") + " " + System.getProperty("os.version") + ", "
                + System.getProperty("os.arch");
    }

    private static void model(JsonWriter json, VisionTransformer model, Checkpoint checkpoint,
            List<ReductionCost> costs) {
        VitConfig config = model.config();
        Preprocessing pictures = checkpoint.preprocessing();
        json.name("model").beginObject()
                .name("architecture").value(config.architecture())
                .name("image").tree(new int[] {config.imageHeight(), config.imageWidth()})
                .name("patch").value(config.patch())
                .name("tokens").value(model.shape().tokens())
                .name("prefix").value(model.shape().prefix())
                .name("width").value(config.width())
                .name("depth").value(config.depth())
                .name("heads").value(config.heads())
                .name("mlp_hidden").value(config.mlpHidden())
                .name("activation").value(config.parts().activation().name().toLowerCase(Locale.ROOT))
                .name("gated").value(config.parts().gated())
                .name("rotary").value(config.parts().rotary() != null)
                .name("classes").value(config.classes())
                .name("pooling").value(config.pooling().name().toLowerCase(Locale.ROOT))
                .name("distilled").value(config.distilled())
                .name("parameters").value(model.parameters())
                .name("preprocessing").beginObject()
                .name("resize").value(pictures.resize().name().toLowerCase(Locale.ROOT))
                .name("crop_fraction").value(pictures.cropFraction())
                .name("interpolation").value(pictures.interpolation().name().toLowerCase(Locale.ROOT))
                .name("mean").tree(pictures.mean())
                .name("std").tree(pictures.std())
                .endObject().endObject();
        json.name("reducers").beginArray();
        for (ReductionCost cost : costs) {
            json.beginObject()
                    .name("reducer").value(cost.reducer())
                    .name("gmacs").value(cost.macs() / 1e9)
                    .name("tokens").tree(cost.tokens())
                    .name("depends_on_image").value(cost.dependsOnImage())
                    .endObject();
        }
        json.endArray();
    }

    private static void model(Terminal terminal, VisionTransformer model, Checkpoint checkpoint,
            List<ReductionCost> costs) {
        VitConfig config = model.config();
        Preprocessing pictures = checkpoint.preprocessing();
        terminal.out().print(String.format(Locale.ROOT, """

                model       %s, %,d parameters
                layers      %d blocks of width %d, %d heads, MLP of %d (%s); %d classes from the %s%s
                input       %d x %d pixels, patches of %d: %d tokens, %d of them prefix
                pictures    %s, %s, crop fraction %s, mean %s, std %s

                """, config.architecture(), model.parameters(), config.depth(), config.width(), config.heads(),
                config.mlpHidden(), parts(config.parts()), config.classes(), pooling(config.pooling()),
                config.distilled() ? " and the distillation token" : "", config.imageWidth(), config.imageHeight(),
                config.patch(), model.shape().tokens(), model.shape().prefix(),
                resize(pictures),
                pictures.interpolation().name().toLowerCase(Locale.ROOT), pictures.cropFraction(),
                Arrays.toString(pictures.mean()), Arrays.toString(pictures.std())));
        int width = costs.stream().mapToInt(cost -> cost.reducer().length()).max().orElse(0);
        for (ReductionCost cost : costs) {
            terminal.out().print(String.format(Locale.ROOT, "%-" + width + "s  %7.3f GMACs  tokens %s%s\n",
                    cost.reducer(),
                    cost.macs() / 1e9, compact(cost.tokens()), cost.dependsOnImage()
                    ? "  (of noise: depends on the image)" : ""));
        }
    }

    private static String pooling(VitConfig.Pooling pooling) {
        return switch (pooling) {
            case TOKEN -> "class token";
            case AVERAGE -> "patches' average";
            case TOKEN_AND_AVERAGE -> "class token and the patches' average";
            case ATTENTION -> "attention pool";
        };
    }

    /** Returns the MLP's function and, behind it, what a plain model's blocks have not. */
    private static String parts(Parts parts) {
        StringBuilder text = new StringBuilder(parts.activation().name().toLowerCase(Locale.ROOT).replace('_', ' '));
        text.append(parts.gated() ? ", gated" : "").append(parts.parallel() ? ", beside attention" : "")
                .append(parts.postNorm() ? ", norms behind" : "")
                .append(parts.norm() == Parts.NormKind.RMS ? ", RMS norms" : "")
                .append(parts.rotary() == null ? "" : ", rotary positions");
        return text.toString();
    }

    private static String resize(Preprocessing pictures) {
        String how = switch (pictures.resize()) {
            case SQUASH -> "both sides resized";
            case SHORT_SIDE, SHORT_SIDE_WITHIN -> "short side resized";
            case LONG_SIDE, WITHIN -> "long side resized";
            case NONE -> "not resized";
        };
        return pictures.target() == null ? how
                : how + " to " + pictures.target().width() + " x " + pictures.target().height();
    }

    /** Writes runs of one count once: {@code 197 x 3, 141 x 3}. */
    private static String compact(int[] tokens) {
        List<String> parts = new ArrayList<>();
        for (int from = 0, to = 0; from < tokens.length; from = to) {
            while (to < tokens.length && tokens[to] == tokens[from]) {
                to++;
            }
            parts.add(tokens[from] + (to - from > 1 ? " x" + (to - from) : ""));
        }
        return String.join(", ", parts);
    }
}

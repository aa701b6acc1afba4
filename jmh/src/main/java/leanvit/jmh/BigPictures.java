package leanvit.jmh;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import leanvit.app.draw.Chart;
import leanvit.kernels.Attention;
import leanvit.reducers.ModelShape;
import leanvit.reducers.Reducers;
import leanvit.vit.Inference;
import leanvit.vit.VisionTransformer;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import leanvit.vit.weights.RandomWeights;
import leanvit.vit.weights.VitConfig;

/**
 * Time against tokens: a model at 224, 384 and 512 pixels with patches of 16, and at 518 with patches of 14 (1,370
 * tokens), dense and reduced, and the share of it that attention has: its multiply-accumulates grow with the square of
 * the tokens, those of the linear layers do not. One thread, one picture, random weights; in turn, as {@link Slices}.
 *
 * <pre>
 * java --add-modules jdk.incubator.vector -cp jmh/target/benchmarks.jar leanvit.jmh.BigPictures [options]
 *
 *   --large            ViT-L in place of ViT-S; --arch NAME any other with patches of 16
 *   --reducers LIST    beside the dense model (default tome:r=8)
 *   --slices N         of each (default 15)
 *   --seconds S        of warm-up, of each (default 2)
 *   --only N           the size of so many pixels alone (ViT-L at 518: a minute and a half)
 *   --csv FILE         the table
 *   --plot FILE.png    milliseconds over tokens: dense, attention, and the first reducer
 * </pre>
 */
public final class BigPictures {

    private static final String DENSE = "none";
    private static final String ATTENTION = "attention";

    private String arch = "vit_small_patch16_224";
    private List<String> reducers = List.of("tome:r=8");
    private int slices = 15;
    private double seconds = 2;
    private int only;
    private Path csv;
    private Path plot;

    /** Pixels of a side, and of a patch's. */
    private record Size(int side, int patch) {

        static final List<Size> ALL =
                List.of(new Size(224, 16), new Size(384, 16), new Size(512, 16), new Size(518, 14));
    }

    private BigPictures(String[] arguments) {
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--large")) {
                arch = "vit_large_patch16_224";
            } else if (i + 1 == arguments.length) {
                throw new IllegalArgumentException("unknown argument or one without a value: " + arguments[i]);
            } else {
                option(arguments[i], arguments[++i]);
            }
        }
    }

    private void option(String name, String value) {
        switch (name) {
            case "--arch" -> arch = value;
            case "--reducers" -> reducers = List.of(value.split(";"));
            case "--slices" -> slices = Integer.parseInt(value);
            case "--seconds" -> seconds = Double.parseDouble(value);
            case "--only" -> only = Integer.parseInt(value);
            case "--csv" -> csv = Path.of(value);
            case "--plot" -> plot = Path.of(value);
            default -> throw new IllegalArgumentException("unknown argument " + name);
        }
    }

    /** Runs it; see the class. */
    public static void main(String[] arguments) throws Exception {
        try {
            new BigPictures(arguments).run();
        } catch (IllegalArgumentException e) {
            System.err.println("BigPictures: " + e.getMessage());
            System.exit(2);
        }
    }

    private void run() throws Exception {
        Models.requireProvider("simd");
        System.out.println(Machine.describe() + "; " + arch + ", batch 1, one thread");
        System.out.println();
        System.out.println("| pixels/patch | tokens | dense, ms | quartiles | GFLOP/s | attention, ms | of the time"
                + " | of the MACs | " + String.join(" | of dense | ", reducers) + " | of dense |");
        System.out.println("|---|---|---|---|---|---|---|---|" + "---|---|".repeat(reducers.size()));
        List<String> lines = new ArrayList<>();
        lines.add("pixels,patch,tokens,dense_ms,attention_ms,attention_macs_share," + String.join(",", reducers));
        for (Size size : Size.ALL) {
            if (only == 0 || size.side == only) {
                lines.add(measure(size));
            }
        }
        if (csv != null) {
            Files.write(csv, lines);
        }
        if (plot != null) {
            Pictures.writePng(plot(lines.subList(1, lines.size())), plot);
        }
    }

    private RgbImage plot(List<String> lines) {
        double[][] columns = new double[7][lines.size()];
        for (int i = 0; i < lines.size(); i++) {
            String[] values = lines.get(i).split(",");
            for (int c = 0; c < columns.length; c++) {
                columns[c][i] = Double.parseDouble(values[c]);
            }
        }
        String title = arch + ": milliseconds per picture over tokens. " + Machine.processor() + ", Java "
                + Runtime.version().feature();
        return Chart.curves(title, "tokens", columns[2],
                List.of(new Chart.Curve("dense, ms", columns[3]), new Chart.Curve("its attention, ms", columns[4]),
                        new Chart.Curve(reducers.get(0) + ", ms", columns[6])), 0,
                String.format(Locale.ROOT, "%.0f pixels, patches of %.0f", columns[0][0], columns[1][0]));
    }

    /** Times one size, prints its row and returns its line. */
    private String measure(Size size) throws Exception {
        VisionTransformer model = model(size);
        ModelShape shape = model.shape();
        float[] pixels = Models.pixels(model.config(), 1);
        Slices timed = new Slices();
        Inference dense = model.inference();
        timed.add(DENSE, () -> dense.logits(pixels, 1));
        timed.add(ATTENTION, attention(shape));
        for (String reducer : reducers) {
            Inference inference = model.inference().with(Reducers.parse(reducer));
            timed.add(reducer, () -> inference.logits(pixels, 1));
        }
        timed.run(seconds, slices);
        Quartiles ms = Quartiles.of(timed.seconds(DENSE));
        double attention = Quartiles.of(timed.seconds(ATTENTION)).median();
        double macs = dense.macs(0);
        double attentionMacs = attentionMacs(shape);
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT,
                "| %d/%d | %d | %.1f | %.1f–%.1f | %.0f | %.1f | %.0f %% | %.0f %% |", size.side, size.patch,
                shape.tokens(),
                1000 * ms.median(), 1000 * ms.q1(), 1000 * ms.q3(), 2e-9 * macs / ms.median(), 1000 * attention,
                100 * attention / ms.median(), 100 * attentionMacs / macs));
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%d,%d,%d,%.3f,%.3f,%.4f", size.side,
                size.patch, shape.tokens(), 1000 * ms.median(), 1000 * attention, attentionMacs / macs));
        for (String reducer : reducers) {
            double reduced = Quartiles.of(timed.seconds(reducer)).median();
            row.append(String.format(Locale.ROOT, " %.1f | %.2f× |", 1000 * reduced, ms.median() / reduced));
            line.append(String.format(Locale.ROOT, ",%.3f", 1000 * reduced));
        }
        System.out.println(row);
        return line.toString();
    }

    private VisionTransformer model(Size size) {
        try {
            VitConfig known = RandomWeights.of(arch, 1).config();
            VitConfig config = new VitConfig(known.architecture(), size.side, size.side, size.patch, known.width(),
                    known.depth(), known.heads(), known.mlpHidden(), known.classes(), known.pooling(),
                    known.distilled(), known.epsilon());
            return VisionTransformer.of(config, RandomWeights.of(config, 1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Both products of all blocks, counted as {@link Inference#macs} counts: the last block too, for all tokens. */
    private static double attentionMacs(ModelShape shape) {
        return 2.0 * shape.tokens() * shape.tokens() * shape.width() * shape.depth();
    }

    /**
     * Returns the attention of a whole pass on random queries, keys and values: scores, softmax, values. In the last
     * block the class token alone asks, as in the model.
     */
    private static Slices.Pass attention(ModelShape shape) {
        int n = shape.tokens();
        int width = shape.width();
        float[] qkv = KernelBenchmark.normal(n * 3 * width);
        float[] out = new float[n * width];
        float[] scratch = new float[Attention.scratchLength(n, shape.headDim())];
        Attention attention = new Attention(shape.heads(), shape.headDim()).tokens(n, qkv, 0, 3 * width)
                .into(out, 0, width).scratch(scratch, 0);
        return () -> {
            for (int layer = 0; layer < shape.depth(); layer++) {
                int queries = layer == shape.depth() - 1 ? 1 : n;
                for (int head = 0; head < shape.heads(); head++) {
                    attention.head(head, queries);
                }
            }
        };
    }
}

package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code run --backward} with LTMP and dTPS, against what the original made of the same images. */
class MaskedBackwardTest {

    private static final Path MODEL = Cli.TESTDATA.resolve("golden/B");
    private static final int IMAGES = 3;
    private static final int PATCHES = 64;

    @TempDir
    private Path directory;

    private Path file(String name) {
        return directory.resolve(name);
    }

    private SafeTensorsWriter input(SafeTensors golden) throws IOException {
        try (SafeTensors inputs = SafeTensors.open(MODEL.resolve("inputs.safetensors"))) {
            long[] labels = Arrays.stream(golden.ints("labels")).asLongStream().toArray();
            return new SafeTensorsWriter().floats("pixels", inputs.floats("pixels"), IMAGES, 3, 64, 64)
                    .longs("labels", labels, IMAGES);
        }
    }

    private Cli run(String reducer, Object... more) {
        Object[] arguments = {"run", "--input", file("in"), "--output", file("out"), "--model", MODEL, "--backward",
            "--reducer", reducer};
        Object[] all = Arrays.copyOf(arguments, arguments.length + more.length);
        System.arraycopy(more, 0, all, arguments.length, more.length);
        return Cli.run(all);
    }

    /** Checks that the one thing on stderr is a line with this in it, and that the status is 2. */
    private static void misused(Cli result, String part) {
        assertThat(result.err()).contains(part).hasLineCount(1);
        assertThat(result.status()).isEqualTo(2);
    }

    private static void assertClose(SafeTensors out, String name, SafeTensors golden, String wanted)
            throws IOException {
        float[] got = out.floats(name);
        float[] want = golden.floats(wanted);
        assertThat(got).as(name).hasSameSizeAs(want);
        float largest = 1e-9f;
        for (float value : want) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int i = 0; i < want.length; i++) {
            assertThat(got[i]).as("%s at %d", name, i).isCloseTo(want[i], within(1e-4f * largest));
        }
    }

    @Test
    void ltmpHasItsLossMasksAndGradients() throws IOException {
        try (SafeTensors golden = SafeTensors.open(MODEL.resolve("ltmp_train.safetensors"))) {
            input(golden).write(file("in"));
            new SafeTensorsWriter().floats("merge", golden.floats("merge_threshold"), 5)
                    .floats("prune", golden.floats("prune_threshold"), 5).write(file("t"));
            run("ltmp:thresholds=" + file("t") + ",tau=0.1,target=0.75,lambda=10,epsilon=1e-5", "--threads", 2)
                    .succeeded();
            try (SafeTensors out = SafeTensors.open(file("out"))) {
                for (String name : new String[] {"loss", "ce", "r_flops", "logits"}) {
                    assertClose(out, name, golden, name);
                }
                assertClose(out, "grad.merge", golden, "grad_merge_threshold");
                assertClose(out, "grad.prune", golden, "grad_prune_threshold");
                for (int layer = 0; layer < 5; layer++) {
                    assertThat(out.shape("mask." + layer)).containsExactly(IMAGES, 65);
                    float[] mask = out.floats("mask." + layer);
                    int[] want = golden.ints("block" + layer + ".mask");
                    for (int i = 0; i < want.length; i++) {
                        assertThat(mask[i]).isEqualTo(want[i]);
                    }
                }
                assertThat(out.names()).hasSize(4 + 5 + 2);
            }
            run("ltmp:prune=0.01,target=0.75").succeeded();
            try (SafeTensors out = SafeTensors.open(file("out"))) {
                assertThat(out.has("grad.merge")).isFalse();
                assertThat(out.shape("grad.prune")).containsExactly(5);
            }
        }
    }

    @Test
    void dtpsHasItsLossDecisionsAndGradients() throws IOException {
        try (SafeTensors golden = SafeTensors.open(MODEL.resolve("dtps_train.safetensors"));
                SafeTensors weights = SafeTensors.open(MODEL.resolve("model.safetensors"))) {
            SafeTensorsWriter input = input(golden);
            SafeTensorsWriter predictors = new SafeTensorsWriter();
            for (String name : golden.names()) {
                if (name.startsWith("predictor.")) {
                    predictors.floats(name, golden.floats(name), golden.shape(name));
                }
            }
            predictors.write(file("p"));
            input.write(file("in"));
            String spec = "dtps:keep=0.7,layers=1/2,predictors=" + file("p");
            run(spec).failed(file("in") + ": tensor \"gumbel.0\": missing; dtps needs Gumbel noise [3, 64, 2] for each "
                    + "stage");
            for (int s = 0; s < 2; s++) {
                input.floats("gumbel." + s, golden.floats("stage" + s + ".gumbel"), IMAGES, PATCHES, 2);
            }
            input.write(file("in"));
            run(spec).succeeded();
            try (SafeTensors out = SafeTensors.open(file("out"))) {
                for (String name : new String[] {"loss", "ce", "ratio_loss", "logits"}) {
                    assertClose(out, name, golden, name);
                }
                for (int s = 0; s < 2; s++) {
                    float[] decision = out.floats("decision." + s);
                    int[] want = golden.ints("stage" + s + ".decision");
                    assertThat(out.shape("decision." + s)).containsExactly(IMAGES, PATCHES);
                    for (int i = 0; i < want.length; i++) {
                        assertThat(decision[i]).isEqualTo(want[i]);
                    }
                }
                for (String name : golden.names()) {
                    if (name.startsWith("grad_loss.")) {
                        assertClose(out, name.replace("grad_loss.", "grad."), golden, name);
                    }
                }
                for (String name : weights.names()) {
                    assertThat(out.shape("grad." + name)).as(name).isEqualTo(weights.shape(name));
                }
            }
            run(spec + ",squeeze=off").succeeded();
            try (SafeTensors out = SafeTensors.open(file("out"))) {
                assertThat(out.floats("logits")).isNotEqualTo(golden.floats("logits"));
            }
        }
    }

    @Test
    void namesWhatCannotBe() throws IOException {
        new SafeTensorsWriter().floats("pixels", new float[3 * 64 * 64], 1, 3, 64, 64).longs("labels", new long[1], 1)
                .write(file("in"));
        misused(run("tome:r=4"), "--backward goes with none, ltmp and dtps, which learn something; came tome:r=4");
        misused(run("ltmp:prune=0.01"), "needs target");
        misused(run("ltmp:prune=0.01,target=0"), "target=0.0, expected a number above 0 and at most 1");
        misused(run("ltmp:prune=0.01,target=x"), "target=\"x\" is not a number");
        misused(run("ltmp:prune=0.01,target=0.5,tau=0"), "tau=0.0, expected a number above 0");
        misused(run("ltmp:prune=0.01,target=0.5,tau=1,tau=2"), "key 'tau' is given twice");
        misused(run("ltmp:prune=0.01,target=0.5,rho=1"), "unknown key 'rho'");
        run("ltmp:prune=0.01/0.01,target=0.5").failed("ltmp: 2 prune thresholds, but the model has 5 blocks: one per "
                + "block is needed");
        misused(run("none", "--trace"), "--backward goes with none of --trace, --features and --dense");
    }
}

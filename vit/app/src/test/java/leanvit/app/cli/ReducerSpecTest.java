package leanvit.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import leanvit.vit.weights.SafeTensorsWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A reducer that cannot be gets one line that says what is allowed: status 2 by itself, 1 with this model or this file.
 */
class ReducerSpecTest {

    private static final Path CUP = Cli.PICTURES.resolve("cup.png");

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "nome:r=8                        | unknown reducer 'nome', known are none, tome, ltmp",
            "tome:r=8,r=9                    | tome: ",
            "tome:r=                         | tome: ",
            "tome:r                          | tome: ",
            "tome                            | tome: ",
            "tome:r=-1                       | tome: r=-1 is not a whole number of at least 0",
            "tome:r=1.5                      | tome: ",
            "tome:r=8,inflect=2              | tome: inflect=2.0 is not a number from -1 to 1",
            "tome:r=8,keep=0.5               | tome: ",
            "etps:keep=0                     | etps: keep=0",
            "etps:keep=1.5                   | etps: keep=1.5",
            "evit:keep=nan                   | evit: ",
            "topk:keep=0.7,layers=3/3        | topk: ",
            "ltmp:merge=NaN                  | ltmp: ",
            "ltmp                            | ltmp: needs merge, prune or thresholds",
            "dtps:keep=0.7,layers=3/6/9      | dtps: ",
            "pomt:r=8,layer=-1               | pomt: ",
            "pomt:r=99999999999              | pomt: ",
    })
    void wrongByItself(String spec, String message) {
        for (String command : new String[] {"classify", "bench", "run"}) {
            Cli cli = command.equals("classify") ? Cli.run(command, CUP, "--reducer", spec) : command.equals("bench")
                    ? Cli.run(command, "--reducer", spec)
                    : Cli.run(command, "--input", "x", "--output", directory.resolve("y"), "--reducer", spec);
            assertThat(cli.err()).startsWith("leanvit: --reducer: " + message)
                    .endsWith("(see leanvit " + command + " --help)\n")
                    .matches("[^\n]+\n");
            assertThat(cli.out()).isEmpty();
            assertThat(cli.status()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"pomt:r=8,layer=6", "tome:r=1/1/1/1/1/1/1", "etps:keep=0.7,layers=3/6",
            "evit:keep=0.7,layers=3/6/9",
        "ltmp:merge=0.9/0.9", "topk:keep=0.9/0.8,layers=1/12"})
    void wrongForThisModel(String spec) {
        Cli cli = Cli.run("classify", CUP, "--reducer", spec);
        assertThat(cli.err()).startsWith("leanvit: " + spec.substring(0, 4)).contains("6").matches("[^\n]+\n");
        assertThat(cli.out()).isEmpty();
        assertThat(cli.status()).isEqualTo(1);
    }

    @Test
    void filesOfLearnedValues() throws IOException {
        Path none = directory.resolve("none.safetensors");
        Cli.run("classify", CUP, "--reducer", "ltmp:thresholds=" + none).failed(none + ": no such file");
        Cli.run("classify", CUP, "--reducer", "dtps:keep=0.7,layers=1/2,predictors=" + none)
                .failed(none + ": no such file");

        Path thresholds = directory.resolve("thresholds.safetensors");
        float[] merge = new float[6];
        Arrays.fill(merge, 0.9f);
        new SafeTensorsWriter().floats("merge", merge, 6).write(thresholds);
        Cli.run("classify", CUP, "--reducer", "ltmp:thresholds=" + thresholds).succeeded();
        merge[3] = Float.NaN;
        new SafeTensorsWriter().floats("merge", merge, 6).write(thresholds);
        assertFileRefused("ltmp:thresholds=" + thresholds, "NaN");
        new SafeTensorsWriter().floats("merge", new float[5], 5).write(thresholds);
        assertFileRefused("ltmp:thresholds=" + thresholds, "5");
        new SafeTensorsWriter().floats("other", new float[6], 6).write(thresholds);
        assertFileRefused("ltmp:thresholds=" + thresholds, "merge");

        Path predictors = directory.resolve("predictors.safetensors");
        new SafeTensorsWriter().floats("predictor.0.in_conv.0.weight", new float[64], 64).write(predictors);
        assertFileRefused("dtps:keep=0.7,layers=1/2,predictors=" + predictors, "predictor");
    }

    private static void assertFileRefused(String spec, String word) {
        Cli cli = Cli.run("classify", CUP, "--reducer", spec);
        assertThat(cli.err()).startsWith("leanvit: ").contains(word).matches("[^\n]+\n");
        assertThat(cli.out()).isEmpty();
        assertThat(cli.status()).isEqualTo(1);
    }
}

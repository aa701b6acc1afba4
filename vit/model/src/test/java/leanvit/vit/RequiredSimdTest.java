package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import leanvit.testdata.ChildJvm;
import leanvit.testdata.TestData;
import org.junit.jupiter.api.Test;

/** Who forgot the flag learns it as the model loads, and not from a job that takes twenty times its time. */
class RequiredSimdTest {

    private static List<String> load(String... options) throws IOException, InterruptedException {
        return ChildJvm.plain().with(options).run(Program.class, TestData.path("demo/model").toString());
    }

    @Test
    void aModelThatNeedsSimdDoesNotLoadWithoutIt() throws Exception {
        assertThat(load("-Dleanvit.simd=required")).contains("SIMD kernels are required, but these are scalar kernels: "
                + "the module jdk.incubator.vector is missing; start java with --add-modules=jdk.incubator.vector");
    }

    /** Loads a model; what comes of it. */
    static final class Program {

        public static void main(String[] arguments) throws IOException {
            try {
                VisionTransformer.load(Path.of(arguments[0]));
                System.out.println("loaded");
            } catch (IllegalStateException e) {
                System.out.println(e.getMessage());
            }
        }
    }
}

package leanvit.vit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import leanvit.testdata.ChildJvm;
import leanvit.testdata.TestData;
import leanvit.vit.io.InvalidInputException;
import org.junit.jupiter.api.Test;

/** A Java runtime of {@code java.base} alone classifies PNGs, and says what it lacks for JPEGs. */
class WithoutDesktopTest {

    @Test
    void jpegsAreRefusedWithOneLineAndAllElseWorks() throws IOException, InterruptedException {
        Path jpeg = TestData.path("golden/jpeg/ycc420.jpg");
        Path text = TestData.path("demo/model/labels.txt");
        List<String> lines = ChildJvm.plain().with("--limit-modules", "java.base").run(Program.class,
                TestData.path("demo/model").toString(), TestData.path("demo/pictures/cup.png").toString(),
                jpeg.toString(), text.toString());
        assertThat(lines).contains("cup", jpeg + ": is a JPEG picture, for which this program's Java runtime lacks the "
                + "module java.desktop (use a full JDK, or name the module to --add-modules of java or jlink)");
        assertThat(lines).anyMatch(line -> line.startsWith(text + ": is not a JPEG or PNG picture"));
    }

    /** Classifies pictures: a model, then pictures. */
    static final class Program {

        public static void main(String[] arguments) throws IOException {
            Classifier classifier = Classifier.load(Path.of(arguments[0]));
            for (int i = 1; i < arguments.length; i++) {
                try {
                    System.out.println(classifier.classify(Path.of(arguments[i]), 1).get(0).label());
                } catch (InvalidInputException e) {
                    System.out.println(e.getMessage());
                }
            }
        }
    }
}

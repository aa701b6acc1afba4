package leanvit.testdata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PackageCirclesTest {

    @Test
    void aCircleIsNamedStepByStepWithTheFilesThatMakeIt() {
        Map<String, Map<String, String>> uses = new TreeMap<>(Map.of("a", Map.of("b", "A.class"), "b",
                Map.of("c", "B.class"), "c", Map.of("b", "C.class")));
        assertThat(PackageCircles.circle(uses)).containsExactly("b -> c in B.class", "c -> b in C.class");
    }

    @Test
    void twoWaysToOnePackageAreNoCircle() {
        assertThat(PackageCircles.circle(Map.of("a", Map.of("b", "A", "c", "A"), "b", Map.of("d", "B"), "c",
                Map.of("d", "C"), "d", Map.of("elsewhere", "D")))).isEmpty();
    }

    @Test
    void usesAreReadFromClassFiles() throws IOException {
        assertThat(PackageCircles.of(ModuleClasses.folder(PackageCirclesTest.class))).containsKey("leanvit.testdata");
        assertThat(ModuleClasses.packages(ModuleClasses.folder(PackageCirclesTest.class)
                .resolve("leanvit/testdata/PackageCirclesTest.class"))).contains("leanvit.testdata");
    }
}

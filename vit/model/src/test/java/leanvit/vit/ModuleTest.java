package leanvit.vit;

import java.io.IOException;
import leanvit.testdata.ExportedTypes;
import leanvit.testdata.PackageCircles;
import org.junit.jupiter.api.Test;

class ModuleTest {

    @Test
    void exportsTheTypesThatSomebodyChose() throws IOException {
        ExportedTypes.assertAsListed(Inference.class);
    }

    @Test
    void noPackagesDependOnEachOtherInACircle() throws IOException {
        PackageCircles.assertNone(Inference.class);
    }
}

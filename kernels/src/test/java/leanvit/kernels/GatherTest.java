package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
import leanvit.testdata.GoldenFile;
import org.junit.jupiter.api.Test;

/** {@link Gather}, whose results are copies. */
class GatherTest {

    @Test
    void matchesTheGolden() {
        GoldenFile golden = GoldenFile.open("standalone/kernel_misc");
        float[] gathered = new float[6 * 9];
        Gather.rows(golden.floats("gather.x"), 0, 9, golden.ints("gather.idx"), 0, 6, 9, gathered, 0, 9);
        assertThat(gathered).isEqualTo(golden.floats("gather.y"));
    }

    @Test
    void copiesRowsOfEveryWidth() {
        SplittableRandom random = new SplittableRandom(8);
        int[] index = {-9, 3, 0, 3, 4, 1, 3};
        int k = 6;
        for (int width : Awkward.sizes(197)) {
            Guarded x = Guarded.of(Awkward.strangeValues(random, 5 * width), 5, width, 2, 5);
            Guarded gathered = Guarded.empty(k, width, 1, 2);
            Gather.rows(x.array(), 2, width + 5, index, 1, k, width, gathered.array(), 1, width + 2);
            int columns = width;
            gathered.assertGuardsUntouched(() -> "gather of width " + columns);
            for (int i = 0; i < k; i++) {
                for (int c = 0; c < width; c++) {
                    assertThat(Float.floatToRawIntBits(gathered.get(i, c))).as("width %d [%d, %d]", width, i, c)
                            .isEqualTo(Float.floatToRawIntBits(x.get(index[1 + i], c)));
                }
            }
        }
    }

    @Test
    void anIndexOutsideIsNamedBeforeAnythingIsWritten() {
        float[] x = new float[20];
        float[] out = {7, 7, 7, 7, 7, 7, 7, 7};
        assertThatThrownBy(() -> Gather.rows(x, 0, 4, new int[] {0, 5}, 0, 2, 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("5");
        assertThatThrownBy(() -> Gather.rows(x, 0, 4, new int[] {0, -1}, 0, 2, 4, out, 0, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("-1");
        assertThat(out).containsOnly(7);
        assertThatThrownBy(() -> Gather.rows(x, 0, 4, new int[] {0, 1}, 0, 2, 4, out, 1, 4))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("out:");
    }
}

package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class PackedMatrixTest {

    /** Reads element (row, column) back; row -1 is the bias. */
    private static float element(PackedMatrix packed, int row, int column) {
        int panel = 0;
        while (PanelLayout.column(packed.n, panel) + PanelLayout.width(packed.n, panel) <= column) {
            panel++;
        }
        int width = PanelLayout.width(packed.n, panel);
        int base = PanelLayout.offset(packed.k, packed.n, panel);
        return packed.data[base + (row + 1) * width + column - PanelLayout.column(packed.n, panel)];
    }

    @Test
    void everyElementIsFoundAgainAndPaddingIsZero() {
        for (int n : Awkward.sizes(197)) {
            for (int k : new int[] {0, 1, 2, 7, 16}) {
                SplittableRandom random = new SplittableRandom(31L * n + k);
                float[] values = Awkward.values(random, k * n, 1f);
                float[] bias = Awkward.values(random, n, 1f);
                Guarded b = Guarded.of(values, k, n, 3, 2);
                PackedMatrix packed = PackedMatrix.of(b.array(), b.offset(), b.stride(), k, n, bias);
                PackedMatrix transposed = PackedMatrix.ofTransposed(transpose(values, k, n), 0, k, n, k, bias);
                assertThat(transposed.data).as("%d x %d", k, n).containsExactly(packed.data);
                assertThat(packed.rows()).isEqualTo(k);
                assertThat(packed.columns()).isEqualTo(n);
                double sum = 0;
                for (int j = 0; j < n; j++) {
                    assertThat(element(packed, -1, j)).as("bias %d of %d x %d", j, k, n).isEqualTo(bias[j]);
                    sum += Math.abs(bias[j]);
                    for (int p = 0; p < k; p++) {
                        assertThat(element(packed, p, j)).as("[%d, %d] of %d x %d", p, j, k, n).isEqualTo(values[p * n + j]);
                        sum += Math.abs(values[p * n + j]);
                    }
                }
                double all = 0;
                for (float value : packed.data) {
                    all += Math.abs(value);
                }
                assertThat(all).as("padding of %d x %d holds something", k, n)
                        .isCloseTo(sum, Offset.offset(1e-9 * (1 + sum)));
            }
        }
    }

    private static float[] transpose(float[] values, int rows, int columns) {
        float[] transposed = new float[values.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                transposed[c * rows + r] = values[r * columns + c];
            }
        }
        return transposed;
    }

    @Test
    void transposedRowsMayLieApart() {
        float[] values = Awkward.values(new SplittableRandom(1), 5 * 7, 1f);
        Guarded w = Guarded.of(values, 5, 7, 11, 4);
        PackedMatrix packed = PackedMatrix.ofTransposed(w.array(), w.offset(), w.stride(), 5, 7, null);
        for (int j = 0; j < 5; j++) {
            assertThat(element(packed, -1, j)).isZero();
            for (int p = 0; p < 7; p++) {
                assertThat(element(packed, p, j)).isEqualTo(values[j * 7 + p]);
            }
        }
    }

    @Test
    void packingCopies() {
        float[] b = {1, 2, 3, 4};
        float[] bias = {5, 6};
        PackedMatrix packed = PackedMatrix.of(b, 0, 2, 2, 2, bias);
        b[3] = -1;
        bias[1] = -1;
        assertThat(element(packed, 1, 1)).isEqualTo(4);
        assertThat(element(packed, -1, 1)).isEqualTo(6);
    }

    @Test
    void aPanelIsFoundByItsFirstColumn() {
        for (int n : Awkward.sizes(577)) {
            PackedMatrix packed = PackedMatrix.of(new float[0], 0, n, 0, n, null);
            for (int column = 0; column < n; column++) {
                int found = packed.panelAt(column);
                int wanted = 0;
                for (int panel = 0; panel < packed.panels(); panel++) {
                    wanted = PanelLayout.column(n, panel) == column ? panel : wanted;
                }
                assertThat(found).as("column %d of %d", column, n).isEqualTo(wanted);
            }
        }
    }

    @Test
    void anArgumentThatCannotBeIsNamed() {
        assertThatThrownBy(() -> PackedMatrix.of(new float[6], 0, 3, -1, 3, null))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("k is -1, expected 0 or more");
        assertThatThrownBy(() -> PackedMatrix.of(new float[6], 0, 3, 2, -3, null))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("n is -3, expected 0 or more");
        assertThatThrownBy(() -> PackedMatrix.of(new float[6], 0, 2, 2, 3, null))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("stride of b is 2, expected at least 3");
        assertThatThrownBy(() -> PackedMatrix.of(new float[6], 1, 3, 2, 3, null))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("b: ");
        assertThatThrownBy(() -> PackedMatrix.ofTransposed(new float[6], 0, 2, 3, 3, null))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("stride of w is 2, expected at least 3");
        assertThatThrownBy(() -> PackedMatrix.ofTransposed(new float[6], 0, 3, 3, 3, null))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageStartingWith("w: ");
        assertThatThrownBy(() -> PackedMatrix.of(new float[6], 0, 3, 2, 3, new float[2]))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("bias has 2 values, expected n = 3");
    }

    @Test
    void aMatrixTooLargeForAnArrayIsRefused() {
        assertThatThrownBy(() -> PackedMatrix.of(new float[0], 0, 100_000, 100_000, 100_000, null))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("100000 x 100000");
    }
}

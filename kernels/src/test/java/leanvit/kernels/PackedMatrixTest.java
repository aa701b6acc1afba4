package leanvit.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import leanvit.testdata.Awkward;
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
        int base = packed.offset + PanelLayout.offset(packed.k, packed.n, panel);
        return packed.data[base + (row + 1) * width + column - PanelLayout.column(packed.n, panel)];
    }

    @Test
    void repackedItIsAnother() {
        for (int n : Awkward.sizes(197)) {
            for (int k : new int[] {0, 1, 7, 16}) {
                SplittableRandom random = new SplittableRandom(n + 7L * k);
                float[] old = Awkward.values(random, k * n, 1f);
                float[] values = Awkward.values(random, k * n, 1f);
                float[] bias = Awkward.values(random, n, 1f);
                Guarded b = Guarded.of(values, k, n, 3, 2);
                PackedMatrix want = PackedMatrix.of(values, 0, n, k, n, bias);
                PackedMatrix packed = PackedMatrix.of(old, 0, n, k, n, bias);
                packed.repack(b.array(), b.offset(), b.stride());
                assertThat(packed.data).as("%d x %d", k, n).containsExactly(want.data);
                packed = PackedMatrix.of(old, 0, n, k, n, bias);
                packed.repackTransposed(transpose(values, k, n), 0, k);
                assertThat(packed.data).as("%d x %d, transposed", k, n).containsExactly(want.data);
            }
        }
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
                        assertThat(element(packed, p, j)).as("[%d, %d] of %d x %d", p, j, k, n)
                                .isEqualTo(values[p * n + j]);
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
    void rowsPackedPieceByPieceIntoASharedArenaGiveTheSame() {
        SplittableRandom random = new SplittableRandom(7);
        int[][] sizes = {{5, 1}, {16, 48}, {7, 130}, {33, 97}, {1, 1000}, {12, 0}, {64, 36}};
        FloatArena arena = new FloatArena(FloatArena.sizeOf(
                Arrays.stream(sizes).mapToInt(size -> PackedMatrix.length(size[0], size[1])).toArray()));
        List<PackedMatrix> pieces = new ArrayList<>();
        List<PackedMatrix> wholes = new ArrayList<>();
        for (int[] size : sizes) {
            int k = size[0];
            int n = size[1];
            float[] w = Awkward.values(random, n * k, 1f);
            float[] bias = Awkward.values(random, n, 1f);
            PackedMatrix packed = PackedMatrix.in(arena, k, n);
            assertThat((packed.offset - FloatArena.START) % 16).isZero();
            assertThat(packed.data).isSameAs(arena.array());
            for (int column = 0; column < n;) {
                int count = random.nextInt(0, Math.min(n - column, 50) + 1);
                packed.packRows(column, count, w, column * k, k);
                packed.packBias(column, count, bias, column);
                column += count;
            }
            pieces.add(packed);
            wholes.add(PackedMatrix.ofTransposed(w, 0, k, n, k, bias));
        }
        for (int i = 0; i < sizes.length; i++) {
            PackedMatrix whole = wholes.get(i);
            PackedMatrix packed = pieces.get(i);
            int length = PackedMatrix.length(whole.k, whole.n);
            assertThat(Arrays.copyOfRange(packed.data, packed.offset, packed.offset + length)).as("matrix %d", i)
                    .containsExactly(Arrays.copyOfRange(whole.data, whole.offset, whole.offset + length));
            float[] a = Awkward.values(random, 7 * whole.k, 1f);
            float[] c = new float[7 * whole.n];
            float[] wanted = new float[7 * whole.n];
            Gemm.multiply(7, a, 0, whole.k, packed, Gemm.Epilogue.NONE, c, 0, whole.n);
            Gemm.multiply(7, a, 0, whole.k, whole, Gemm.Epilogue.NONE, wanted, 0, whole.n);
            assertThat(c).as("product %d", i).containsExactly(wanted);
        }
    }

    @Test
    void rowsBeyondTheMatrixAreRefused() {
        PackedMatrix packed = PackedMatrix.in(new FloatArena(PackedMatrix.length(3, 4)), 3, 4);
        assertThatThrownBy(() -> packed.packRows(3, 2, new float[6], 0, 3))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessage("columns 3 to 5 of 4");
        assertThatThrownBy(() -> packed.packRows(0, 2, new float[6], 0, 2)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("stride of w is 2, expected at least 3");
        assertThatThrownBy(() -> packed.packBias(-1, 2, new float[6], 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> packed.packBias(0, 4, new float[3], 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> PackedMatrix.in(new FloatArena(16), 3, 4)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("does not fit");
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

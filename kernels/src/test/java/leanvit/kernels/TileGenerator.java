package leanvit.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes the matmul's register tiles, {@code SimdTile5x3} and its kin: a tile's accumulators must be local variables,
 * so that its rows and vectors are written out, and nobody should write or change them by hand. The output is
 * committed; {@link TileGeneratorTest} holds it to this program. To write it anew, from the project's directory:
 *
 * <pre>
 * java kernels/src/test/java/leanvit/kernels/TileGenerator.java kernels/src/main/java/leanvit/kernels
 * </pre>
 */
final class TileGenerator {

    /** Rows and vectors of each tile; 16 vector registers have room for the second alone. */
    static final int[][] SHAPES = {{5, 3}, {5, 2}};
    /** The same of a transposed product. */
    static final int[][] TRANSPOSED = {{5, 3}, {5, 2}};

    /** Floats from a row of a strip of A to the next. */
    private static final int STRIP = 16;

    private final StringBuilder out = new StringBuilder();
    private final int rows;
    private final int vectors;
    /** Whether rows of the tile are columns of A, as in A transposed times B. */
    private final boolean transposed;
    /** Whether C2 would make too many nodes if it parsed the loop twice, as {@code SimdGemm} tells. */
    private final boolean parsedOnce;

    private TileGenerator(int rows, int vectors, boolean transposed) {
        this.rows = rows;
        this.vectors = vectors;
        this.transposed = transposed;
        parsedOnce = rows * vectors > 10;
    }

    public static void main(String[] arguments) throws IOException {
        for (boolean transposed : new boolean[] {false, true}) {
            for (int[] shape : transposed ? TRANSPOSED : SHAPES) {
                Files.writeString(Path.of(arguments[0], name(shape[0], shape[1], transposed) + ".java"),
                        generate(shape[0], shape[1], transposed));
            }
        }
    }

    static String name(int rows, int vectors, boolean transposed) {
        return (transposed ? "SimdTransposedTile" : "SimdTile") + rows + "x" + vectors;
    }

    /** Returns the source of the tile of {@code rows} rows by {@code vectors} vectors. */
    static String generate(int rows, int vectors, boolean transposed) {
        return new TileGenerator(rows, vectors, transposed).file();
    }

    private String file() {
        line(0, "package leanvit.kernels;");
        line(0, "");
        line(0, "import static leanvit.kernels.Lanes.F;");
        if (transposed) {
            line(0, "import static leanvit.kernels.Lanes.FLOATS;");
        }
        line(0, "import static leanvit.kernels.Lanes.L;");
        line(0, "");
        line(0, "import jdk.incubator.vector.FloatVector;");
        line(0, "import jdk.incubator.vector.VectorOperators;");
        line(0, "");
        line(0, "/**");
        line(0, " * The register tile of " + (transposed ? "{@link TransposedGemm}" : "the matmul") + ", " + rows
                + " rows by " + vectors + " vectors. Written by {@code TileGenerator}:");
        line(0, " * change that, not this.");
        line(0, " * Its shape has reasons, which stand in {@link SimdGemm}.");
        line(0, " */");
        line(0, "final class " + name(rows, vectors, transposed) + " {");
        line(0, "");
        line(1, "private " + name(rows, vectors, transposed) + "() {");
        line(1, "}");
        line(0, "");
        line(1, "/**");
        if (transposed) {
            line(1, " * Computes {@code c[i, 0.." + vectors + "L) = sum over p of a[p, i] * panel[p, 0.." + vectors
                    + "L)}, one chain of fused multiply-adds over");
            line(1, " * p = 0..k-1 from 0 on. A row of a is " + STRIP + " floats, one of the panel "
                    + vectors + "L. Rows after {@code last}, 0 to " + (rows - 1) + ",");
            line(1, " * which must have the values of row {@code last}, are stored over it: one form serves every"
                    + " height.");
        } else {
            line(1, " * Computes {@code c[i, 0.." + vectors + "L) = bias + sum over p of a[i, p] * panel[p, 0.."
                    + vectors + "L)}, one chain of fused multiply-adds");
            line(1, " * over p = 0..k-1 from the bias on; k is at least 1. A panel is its bias row, then k rows of "
                    + vectors + "L floats. Rows after");
            line(1, " * {@code last}, 0 to " + (rows - 1)
                    + ", do row {@code last} again: one form, always hot, serves every height.");
        }
        line(1, " */");
        method(false);
        line(0, "");
        line(1, "/**");
        line(1, " * {@link #rows} for the C2 of JDK 17; {@code step} is " + vectors
                + "L, but nothing that it knows to be constant.");
        if (parsedOnce && !transposed) {
            line(1, " * {@code STEPPING} is true here: its branch keeps C2 from parsing the loop twice.");
        }
        line(1, " */");
        method(true);
        line(0, "}");
        return out.toString();
    }

    private void method(boolean stepping) {
        String arguments = "int k, float[] a, int a0, " + (transposed ? "" : "int lda, ")
                + "int last, float[] b, int bo, ";
        if (stepping) {
            line(1, "static void rowsStepping(" + arguments + "int step, float[] c,");
            line(7, " int co, int ldc) {");
        } else {
            line(1, "static void rows(" + arguments + "float[] c, int co, int ldc) {");
        }
        for (int v = 0; v < vectors; v++) {
            line(2, "FloatVector b" + v + " = " + (!transposed ? "FloatVector.fromArray(F, b, bo" + plus(v) + ");"
                    : v == 0 ? "FloatVector.zero(F);" : "b0;"));
        }
        for (int r = 0; r < rows; r++) {
            StringBuilder row = new StringBuilder("FloatVector ");
            for (int v = 0; v < vectors; v++) {
                row.append(v == 0 ? "" : ", ").append(accumulator(r, v)).append(" = b").append(v);
            }
            line(2, row + ";");
        }
        for (int r = 1; r < rows && !transposed; r++) {
            line(2, "int a" + r + " = a0 + Math.min(" + r + ", last) * lda;");
        }
        boolean branch = stepping && parsedOnce && !transposed;
        if (stepping) {
            line(2, branch || transposed ? "int bi = bo;" : "int bi = bo + step;");
        } else if (!transposed) {
            line(2, "int first = bo + " + vectors + " * L;");
        }
        if (transposed) {
            line(2, "for (int p = 0; p < k; p++) {");
        } else {
            line(2, "int p = 0;");
            line(2, "do {");
        }
        if (branch) {
            line(3, "if (SimdGemm.STEPPING) {");
            line(4, "bi += step;");
            line(3, "}");
        } else if (!stepping) {
            line(3, "int bi = " + (transposed ? "bo" : "first") + " + p * (" + vectors + " * L);");
        }
        if (transposed) {
            line(3, "int ai = a0 + p * " + STRIP + ";");
        }
        for (int v = 0; v < vectors; v++) {
            line(3, "b" + v + " = FloatVector.fromArray(F, b, bi" + plus(v) + ");");
        }
        for (int r = 0; r < rows; r++) {
            line(3, (r == 0 ? "FloatVector x" : "x") + " = FloatVector.broadcast(F, a["
                    + (transposed ? r == 0 ? "ai" : "ai + " + r : "a" + r + " + p") + "]);");
            for (int v = 0; v < vectors; v++) {
                String sum = accumulator(r, v);
                line(3, sum + " = x.lanewise(VectorOperators.FMA, b" + v + ", " + sum + ");");
            }
        }
        if (stepping && !branch) {
            line(3, "bi += step;");
        }
        line(2, transposed ? "}" : "} while (++p < k);");
        for (int r = 1; r < rows; r++) {
            line(2, "int o" + r + " = co + Math.min(" + r + ", last) * ldc;");
        }
        for (int i = 0; i < rows * vectors; i++) {
            String sum = accumulator(i / vectors, i % vectors);
            line(2, (transposed ? "FLOATS.cast(" + sum + ")" : sum) + ".intoArray(c, " + row(i / vectors)
                    + plus(i % vectors) + ");");
        }
        line(1, "}");
    }

    private static String accumulator(int row, int vector) {
        return "c" + row + vector;
    }

    private static String row(int row) {
        return row == 0 ? "co" : "o" + row;
    }

    private static String plus(int vector) {
        return vector == 0 ? "" : vector == 1 ? " + L" : " + " + vector + " * L";
    }

    private void line(int indent, String text) {
        out.append("    ".repeat(text.isEmpty() ? 0 : indent)).append(text).append('\n');
    }
}

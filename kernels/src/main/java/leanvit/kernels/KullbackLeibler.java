package leanvit.kernels;

/**
 * The Kullback-Leibler divergence of one row's softmax from another's, {@code KL(softmax(teacher) || softmax(student))
 * = sum over c of t[c] * (ln t[c] - ln s[c])}, and its gradient by the student, {@code factor * (s[c] - t[c])}: what
 * distillation compares, logits as well as the channels of tokens (DynamicViT, Rao et al. 2021).
 *
 * <p>Computed in double precision. NaN and infinities follow IEEE 754. Thread-safe on disjoint outputs; allocates
 * nothing.
 */
public final class KullbackLeibler {

    private KullbackLeibler() {
    }

    /**
     * Returns a row's divergence and adds its gradient.
     *
     * @param columns values in a row, 1 or more
     * @param student logits from {@code offset}
     * @param teacher logits from {@code teacherOffset}
     * @param factor  what the gradient is multiplied by
     * @param d       the gradient of the student's row is added to it, from {@code dOffset}; null for none;
     *                must overlap neither row
     */
    public static double row(int columns, float[] student, int offset, float[] teacher, int teacherOffset,
                             double factor, float[] d, int dOffset) {
        Checks.values("student", student.length, offset, columns);
        Checks.values("teacher", teacher.length, teacherOffset, columns);
        Checks.optional("d", d, dOffset, columns);
        Checks.apart("student", student, offset, columns, 1, columns, "d", d, dOffset, columns, 1, columns);
        Checks.apart("teacher", teacher, teacherOffset, columns, 1, columns, "d", d, dOffset, columns, 1, columns);
        double logSum = CrossEntropy.logSum(columns, student, offset);
        double teacherLogSum = CrossEntropy.logSum(columns, teacher, teacherOffset);
        double divergence = 0;
        for (int c = 0; c < columns; c++) {
            double logTeacher = teacher[teacherOffset + c] - teacherLogSum;
            double logStudent = student[offset + c] - logSum;
            double share = Math.exp(logTeacher);
            divergence += share * (logTeacher - logStudent);
            if (d != null) {
                d[dOffset + c] += (float) (factor * (Math.exp(logStudent) - share));
            }
        }
        return divergence;
    }
}

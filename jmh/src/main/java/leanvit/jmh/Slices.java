package leanvit.jmh;

import java.util.ArrayList;
import java.util.List;

/**
 * Times several contenders in turn in one JVM: A B C, A B C, ... Each has the processor for a short slice, so that
 * what a neighbour on the machine takes away, it takes from all; a ratio is made of slices that follow one another.
 */
public final class Slices {

    /** A slice ends with the pass in which so much has gone by: under a tenth of a second where passes are short. */
    private static final long SLICE_NANOS = 60_000_000;
    /** Slow passes make few slices: so many even then. */
    private static final int LEAST_SLICES = 5;
    private static final double LONGEST_SECONDS = 30;
    private static final int LEAST_WARM_UP_ROUNDS = 2;

    private final List<Contender> contenders = new ArrayList<>();

    /** What is timed. */
    public interface Pass {
        void run() throws Exception;
    }

    /** A contender's name, what it does, and the seconds a pass took in each slice. */
    private record Contender(String name, Pass pass, List<Double> seconds) {

        /** Runs a slice and returns the seconds per pass. */
        double slice() throws Exception {
            long start = System.nanoTime();
            long end = start;
            long passes = 0;
            do {
                pass.run();
                passes++;
                end = System.nanoTime();
            } while (end - start < SLICE_NANOS);
            return (end - start) * 1e-9 / passes;
        }
    }

    /** Adds a contender, whose turn comes after those added before it. */
    public Slices add(String name, Pass pass) {
        contenders.add(new Contender(name, pass, new ArrayList<>()));
        return this;
    }

    /**
     * Warms up, then times.
     *
     * @param warmUpSeconds of each contender
     * @param slices        of each contender; fewer where they would take more than half a minute
     */
    public void run(double warmUpSeconds, int slices) throws Exception {
        double round = warmUp(warmUpSeconds);
        int affordable = Math.max(LEAST_SLICES, (int) (LONGEST_SECONDS / round));
        for (int i = 0; i < Math.min(slices, affordable); i++) {
            for (Contender contender : contenders) {
                contender.seconds.add(contender.slice());
            }
        }
    }

    /** Runs rounds that do not count, and returns the seconds of the last one. */
    private double warmUp(double seconds) throws Exception {
        long end = System.nanoTime() + (long) (seconds * contenders.size() * 1e9);
        int rounds = 0;
        while (true) {
            long start = System.nanoTime();
            for (Contender contender : contenders) {
                contender.slice();
            }
            long now = System.nanoTime();
            if (++rounds >= LEAST_WARM_UP_ROUNDS && now >= end) {
                return (now - start) * 1e-9;
            }
        }
    }

    /** Returns how many seconds a pass of a contender took in each slice. */
    public double[] seconds(String name) {
        return contenders.stream().filter(contender -> contender.name.equals(name)).findFirst().orElseThrow()
                .seconds.stream().mapToDouble(Double::doubleValue).toArray();
    }
}

package leanvit.kernels;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The program of {@link JitStressTest}: works against the JIT on purpose. Each of the {@link KernelCases}, in an order
 * that a seed decides, is first the only one that runs, for thousands of calls, so that C2 compiles what it shares with
 * others while those others' branches have never been taken; meanwhile threads that do nothing take the compiler's
 * cores. Then it reports like {@link WarmCalls}.
 *
 * <p>The argument is the seed.
 */
final class JitStress {

    private static final int CALLS_ALONE = 4000;
    /** The first ones start interpreted, and get more time; patience has its end for all. */
    private static final int PATIENT = 3;
    private static final long FIRST_NANOS = 400_000_000L;
    private static final long OTHERS_NANOS = 15_000_000L;

    private static volatile boolean spinning = true;
    private static volatile long spun;

    private JitStress() {
    }

    public static void main(String[] args) {
        System.out.println("provider " + Provider.describe());
        Map<String, Runnable> cases = KernelCases.all();
        List<String> names = new ArrayList<>(cases.keySet());
        Collections.shuffle(names, new Random(Long.parseLong(args[0])));
        spin();
        for (int i = 0; i < names.size(); i++) {
            alone(cases.get(names.get(i)), i < PATIENT ? FIRST_NANOS : OTHERS_NANOS);
        }
        spinning = false;
        Map<String, Runnable> shuffled = new LinkedHashMap<>();
        names.forEach(name -> shuffled.put(name, cases.get(name)));
        WarmCalls.report(shuffled);
    }

    private static void alone(Runnable call, long nanos) {
        long end = System.nanoTime() + nanos;
        for (int i = 0; i < CALLS_ALONE && System.nanoTime() < end; i++) {
            call.run();
        }
    }

    /** Keeps every core busy, so that compilations come late. */
    private static void spin() {
        for (int i = 0; i < Runtime.getRuntime().availableProcessors(); i++) {
            Thread thread = new Thread(() -> {
                for (long n = 0; spinning; n++) {
                    spun = n;
                }
            });
            thread.setDaemon(true);
            thread.start();
        }
    }
}

package leanvit.testdata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Finds packages of a module that depend on each other in a circle. */
public final class PackageCircles {

    private PackageCircles() {
    }

    /**
     * Asserts that no packages of a module depend on each other in a circle.
     *
     * @param member any class of the module
     */
    public static void assertNone(Class<?> member) throws IOException {
        Map<String, Map<String, String>> uses = of(ModuleClasses.folder(member));
        assertThat(uses).as("packages").containsKey(member.getPackageName());
        assertThat(circle(uses)).as("packages that depend on each other in a circle").isEmpty();
    }

    /**
     * Returns what each package of a folder of class files uses: from package to package to a class file that does.
     */
    static Map<String, Map<String, String>> of(Path classes) throws IOException {
        Map<String, Map<String, String>> uses = new TreeMap<>();
        List<Path> files;
        try (Stream<Path> all = Files.walk(classes)) {
            files = all.filter(file -> file.toString().endsWith(".class") && file.getParent() != null
                    && !file.getParent().equals(classes) && !file.endsWith("package-info.class")).sorted().toList();
        }
        for (Path file : files) {
            String from = classes.relativize(file.getParent()).toString().replace('\\', '/').replace('/', '.');
            Map<String, String> targets = uses.computeIfAbsent(from, name -> new TreeMap<>());
            for (String to : ModuleClasses.packages(file)) {
                if (!to.equals(from)) {
                    targets.putIfAbsent(to, file.getFileName().toString());
                }
            }
        }
        return uses;
    }

    /** Returns the steps of a circle, or nothing. */
    static List<String> circle(Map<String, Map<String, String>> uses) {
        Set<String> done = new HashSet<>();
        for (String start : uses.keySet()) {
            List<String> found = circle(uses, start, new ArrayDeque<>(), done);
            if (!found.isEmpty()) {
                return found;
            }
        }
        return List.of();
    }

    private static List<String> circle(Map<String, Map<String, String>> uses, String at, Deque<String> path,
                                       Set<String> done) {
        if (path.contains(at)) {
            path.addLast(at);
            while (!path.peekFirst().equals(at)) {
                path.removeFirst();
            }
            List<String> round = List.copyOf(path);
            return Stream.iterate(0, i -> i < round.size() - 1, i -> i + 1)
                    .map(i -> round.get(i) + " -> " + round.get(i + 1) + " in "
                            + uses.get(round.get(i)).get(round.get(i + 1))).toList();
        }
        if (!done.contains(at)) {
            path.addLast(at);
            for (String next : uses.getOrDefault(at, Map.of()).keySet()) {
                List<String> found = circle(uses, next, path, done);
                if (!found.isEmpty()) {
                    return found;
                }
            }
            path.removeLast();
            done.add(at);
        }
        return List.of();
    }
}

package leanvit.reducers;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The methods that {@link ServiceLoader} finds, by name: those that this library's class loader sees and, beside them,
 * those of the thread's context class loader, where a server or a plug-in keeps its own.
 *
 * <p>A registration that cannot be used (its class misses or throws, its name is no name or another's too) is a line
 * among the problems; all others work.
 */
final class Methods {

    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]*");
    /** After so many failures in a row the loader itself is broken and would fail for ever. */
    private static final int MOST_FAILURES = 100;

    private final Map<String, ReducerMethod> byName = new LinkedHashMap<>();
    /** For a name that is taken twice, what is said to whoever uses it. */
    private final Map<String, String> conflicts = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();
    private final Set<Class<?>> seen = new HashSet<>();

    private Methods() {
    }

    /** What this library's own class loader sees never changes. */
    private static final class Own {
        private static final Methods METHODS = new Methods().load(Methods.class.getClassLoader());
    }

    /** Returns the methods that the calling thread sees. */
    static Methods visible() {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        if (context == null || context == Methods.class.getClassLoader() || !knowsThisLibrary(context)) {
            return Own.METHODS;
        }
        Methods all = new Methods();
        all.byName.putAll(Own.METHODS.byName);
        all.conflicts.putAll(Own.METHODS.conflicts);
        all.problems.addAll(Own.METHODS.problems);
        all.seen.addAll(Own.METHODS.seen);
        return all.load(context);
    }

    /** A loader with a copy of this library of its own has methods for that one. */
    private static boolean knowsThisLibrary(ClassLoader loader) {
        try {
            return Class.forName(ReducerMethod.class.getName(), false, loader) == ReducerMethod.class;
        } catch (ClassNotFoundException | LinkageError none) {
            return false;
        }
    }

    private Methods load(ClassLoader loader) {
        Iterator<ReducerMethod> found = ServiceLoader.load(ReducerMethod.class, loader).iterator();
        for (int failures = 0; failures < MOST_FAILURES;) {
            try {
                if (!found.hasNext()) {
                    break;
                }
                ReducerMethod method = found.next();
                failures = 0;
                if (seen.add(method.getClass())) {
                    add(method);
                }
            } catch (ServiceConfigurationError | LinkageError e) {
                failures++;
                problem(e.getCause() == null || e.getMessage().contains(e.getCause().toString())
                        ? e.getMessage() : e.getMessage() + ": " + e.getCause());
            }
        }
        return this;
    }

    private void add(ReducerMethod method) {
        String where = method.getClass().getName();
        String name;
        try {
            name = method.name();
            String wrong = wrong(method, name);
            if (wrong != null) {
                problem(where + ": " + wrong);
                return;
            }
        } catch (RuntimeException | LinkageError e) {
            problem(where + ": " + e);
            return;
        }
        ReducerMethod other = byName.putIfAbsent(name, method);
        if (other != null) {
            String conflict = "the name " + InvalidSpecException.quote(name) + " is taken twice, by "
                    + other.getClass().getName() + " and by " + where + ": one of them needs another name";
            conflicts.put(name, conflict);
            problems.add(conflict);
        }
    }

    private static String wrong(ReducerMethod method, String name) {
        if (name == null || !NAME.matcher(name).matches()) {
            return "name() is " + (name == null ? null : InvalidSpecException.quote(name))
                    + ", expected a small letter, then small letters, digits, - and _";
        }
        if (method.summary() == null || method.summary().isBlank()) {
            return "summary() is empty";
        }
        if (method.example() == null || !nameOf(method.example()).equals(name)) {
            return "example() is no SPEC that begins with " + name;
        }
        for (ReducerMethod.Key key : method.keys()) {
            if (key.name() == null || key.meaning() == null || key.fallback() == null) {
                return "keys() has " + key + ", expected no null";
            }
        }
        return null;
    }

    private void problem(String what) {
        String line = "a registered method cannot be used: " + what.replaceAll("\\s+", " ");
        if (!problems.contains(line)) {
            problems.add(line);
        }
    }

    /** Returns the method of a SPEC's name, or refuses the name. */
    ReducerMethod named(String name) {
        if (conflicts.containsKey(name)) {
            throw new InvalidSpecException(conflicts.get(name));
        }
        ReducerMethod method = byName.get(name);
        if (method == null) {
            throw new InvalidSpecException("unknown reducer " + InvalidSpecException.quote(name) + ", known are "
                    + String.join(", ", byName.keySet())
                    + (problems.isEmpty() ? "" : "; " + String.join("; ", problems)));
        }
        return method;
    }

    /** Returns the methods, the library's own first. */
    List<ReducerMethod> all() {
        return List.copyOf(byName.values());
    }

    /** Returns a line for each registration that cannot be used. */
    List<String> problems() {
        return List.copyOf(problems);
    }

    /** Returns the name that a SPEC begins with. */
    static String nameOf(String spec) {
        int colon = spec.indexOf(':');
        return (colon < 0 ? spec : spec.substring(0, colon)).trim();
    }

    /** Returns what stands after the colon of a SPEC; null where it has none. */
    static String settingsOf(String spec) {
        int colon = spec.indexOf(':');
        return colon < 0 ? null : spec.substring(colon + 1).trim();
    }
}

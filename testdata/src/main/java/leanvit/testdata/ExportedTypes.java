package leanvit.testdata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Holds a module's exported types to a list that somebody chose, so that none becomes public, or vanishes, by the way.
 * The list is plain text, {@value #LIST} of the module's folder: one type per line, sorted; a type of a package that is
 * exported to some modules alone is followed by {@code to} and their names.
 */
public final class ExportedTypes {

    private static final String LIST = "src/test/resources/exported-types.txt";

    private ExportedTypes() {
    }

    /**
     * Asserts that the module of the current folder exports what its list says.
     *
     * @param member any class of the module
     */
    public static void assertAsListed(Class<?> member) throws IOException {
        Set<String> listed = new TreeSet<>(Files.readAllLines(Path.of(LIST)));
        Set<String> exported = of(ModuleClasses.folder(member), member.getClassLoader());
        Set<String> appeared = new TreeSet<>(exported);
        appeared.removeAll(listed);
        Set<String> vanished = new TreeSet<>(listed);
        vanished.removeAll(exported);
        assertThat(appeared.isEmpty() && vanished.isEmpty())
                .as("exported types: appeared %s, vanished %s. If users should have it so, edit %s; if not, make the "
                        + "type package-private or move it to a package that module-info does not export",
                        appeared, vanished, Path.of(LIST).toAbsolutePath())
                .isTrue();
    }

    /** Returns the public and protected types of a module's exported packages, nested ones too. */
    static Set<String> of(Path classes, ClassLoader loader) throws IOException {
        ModuleDescriptor module;
        try (InputStream in = Files.newInputStream(classes.resolve("module-info.class"))) {
            module = ModuleDescriptor.read(in);
        }
        Set<String> types = new TreeSet<>();
        for (Exports exports : module.exports()) {
            String to = exports.isQualified() ? " to " + String.join(", ", new TreeSet<>(exports.targets())) : "";
            for (String name : names(classes.resolve(exports.source().replace('.', '/')), exports.source())) {
                Class<?> type = load(name, loader);
                if (isVisible(type)) {
                    types.add(type.getCanonicalName() + to);
                }
            }
        }
        return types;
    }

    private static List<String> names(Path folder, String packageName) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(file -> file.endsWith(".class") && !file.equals("package-info.class"))
                    .map(file -> packageName + "." + file.substring(0, file.length() - ".class".length()))
                    .toList();
        }
    }

    private static Class<?> load(String name, ClassLoader loader) {
        try {
            return Class.forName(name, false, loader);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(name + " lies in the folder of classes and cannot be loaded", e);
        }
    }

    private static boolean isVisible(Class<?> type) {
        if (type.isAnonymousClass() || type.isLocalClass() || type.isSynthetic()) {
            return false;
        }
        for (Class<?> at = type; at != null; at = at.getDeclaringClass()) {
            if (!Modifier.isPublic(at.getModifiers()) && !Modifier.isProtected(at.getModifiers())) {
                return false;
            }
        }
        return true;
    }
}

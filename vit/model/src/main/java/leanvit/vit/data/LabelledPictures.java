package leanvit.vit.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;
import leanvit.vit.image.Pictures;
import leanvit.vit.image.RgbImage;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;

/**
 * Pictures in an order, mostly files, and the class of each where it is known. Nothing of the pictures themselves is
 * held, so that there may be any number of them. Immutable.
 *
 * <p>A folder's classes stand in its {@value #LABELS}: comma-separated values, fields in double quotes where they need
 * it, first the line {@value #HEADER} and then one line per picture, with its path from the folder on and its class,
 * counted from 0.
 */
public final class LabelledPictures {

    /** The file of a folder that says its pictures' classes. */
    public static final String LABELS = "labels.csv";
    /** What to give as a model's classes where there is no model yet: any label below it will do. */
    public static final int UNKNOWN_CLASSES = 1_000_000;
    private static final String HEADER = "file,label";

    /** Makes a picture when it is asked for. */
    @FunctionalInterface
    public interface Source {
        /**
         * Returns a picture; the same every time.
         *
         * @throws IOException that names the picture, if it cannot be read
         */
        RgbImage read(int picture) throws IOException;
    }

    private final List<String> names;
    /** Null where no class is known. */
    private final int[] labels;
    private final Source source;

    private LabelledPictures(List<String> names, int[] labels, Source source) {
        this.names = List.copyOf(names);
        this.labels = labels;
        this.source = source;
    }

    private static LabelledPictures ofFiles(List<Path> files, int[] labels) {
        List<Path> all = List.copyOf(files);
        return new LabelledPictures(all.stream().map(Path::toString).toList(), labels,
                picture -> Pictures.read(all.get(picture)));
    }

    /**
     * Returns pictures that are no files.
     *
     * @param names  what messages call each
     * @param labels the class of each, counted from 0
     * @param source makes them
     */
    public static LabelledPictures of(List<String> names, int[] labels, Source source) {
        if (names.isEmpty() || names.size() != labels.length) {
            throw new IllegalArgumentException(names.size() + " pictures and " + labels.length
                    + " labels, expected as many of both, at least one");
        }
        return new LabelledPictures(names, labels.clone(), Objects.requireNonNull(source, "source"));
    }

    /**
     * Finds pictures: either folders with their {@value #LABELS}, or picture files, of which no class is known.
     *
     * @param paths   folders or pictures, at least one
     * @param classes how many classes the model has, or {@link #UNKNOWN_CLASSES}; where it is 1, a picture's class may
     *                be 0 (no) or 1 (yes)
     * @throws InvalidInputException if a folder or picture is missing or cannot be used, or both kinds are given
     * @throws IOException           if a file cannot be read
     */
    public static LabelledPictures of(List<Path> paths, int classes) throws IOException {
        if (paths.isEmpty()) {
            throw new IllegalArgumentException("expected at least one folder or picture");
        }
        boolean folders = Files.isDirectory(paths.get(0));
        List<Path> files = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (Path path : paths) {
            if (!Files.exists(path)) {
                throw new InvalidInputException(path, "no such file or folder");
            }
            if (Files.isDirectory(path) != folders) {
                throw new InvalidInputException(path, folders ? "not a folder, but " + paths.get(0)
                        + " is: give folders or pictures, not both" : "a folder, but " + paths.get(0)
                        + " is none: give folders or pictures, not both");
            }
            if (folders) {
                readFolder(path, classes, files, labels);
            } else {
                files.add(path);
            }
        }
        return ofFiles(files, folders ? labels.stream().mapToInt(Integer::intValue).toArray() : null);
    }

    private static void readFolder(Path folder, int classes, List<Path> files, List<Integer> labels)
            throws IOException {
        Path csv = folder.resolve(LABELS);
        if (!Files.exists(csv)) {
            throw new InvalidInputException(csv, "no such file; expected the line " + HEADER
                    + " and then a line for each picture of the folder");
        }
        List<Csv.Row> rows = Csv.read(csv);
        if (rows.isEmpty() || !isHeader(rows.get(0).fields())) {
            throw new InvalidInputException(csv, "expected " + HEADER + " in the first line, came "
                    + (rows.isEmpty() ? "none" : JsonWriter.quoteShort(String.join(",", rows.get(0).fields()))));
        }
        if (rows.size() == 1) {
            throw new InvalidInputException(csv, "lists no pictures");
        }
        Map<Path, Integer> lines = new HashMap<>();
        for (Csv.Row row : rows.subList(1, rows.size())) {
            if (row.fields().size() != 2) {
                throw problem(csv, row, "expected 2 fields, " + HEADER + ", came " + row.fields().size());
            }
            Path file = picture(folder, csv, row);
            Integer before = lines.put(file.normalize(), row.line());
            if (before != null) {
                throw problem(csv, row, "the picture of line " + before + " again, "
                        + JsonWriter.quoteShort(row.fields().get(0)));
            }
            files.add(file);
            labels.add(label(csv, row, classes));
        }
    }

    private static boolean isHeader(List<String> fields) {
        return fields.size() == 2 && fields.get(0).strip().equals("file") && fields.get(1).strip().equals("label");
    }

    private static Path picture(Path folder, Path csv, Csv.Row row) throws InvalidInputException {
        String name = row.fields().get(0);
        try {
            Path file = folder.resolve(name);
            if (!name.isEmpty() && Files.isRegularFile(file)) {
                return file;
            }
        } catch (InvalidPathException e) {
            throw problem(csv, row, JsonWriter.quoteShort(name) + " cannot be a file's name here: " + e.getReason());
        }
        throw problem(csv, row, "no such picture in the folder: " + JsonWriter.quoteShort(name));
    }

    private static int label(Path csv, Csv.Row row, int classes) throws InvalidInputException {
        String text = row.fields().get(1).strip();
        if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) >= Math.max(classes, 2)) {
            throw problem(csv, row, "label " + JsonWriter.quoteShort(text) + ", expected a whole number from 0 to "
                    + (Math.max(classes, 2) - 1) + (classes == UNKNOWN_CLASSES ? "" : ", as the model has "
                    + (classes == 1 ? "one output, no or yes" : classes + " classes")));
        }
        return Integer.parseInt(text);
    }

    private static InvalidInputException problem(Path csv, Csv.Row row, String what) {
        return new InvalidInputException(csv, "line " + row.line() + ": " + what);
    }

    /** Returns how many pictures there are. */
    public int size() {
        return names.size();
    }

    /** Returns what messages call a picture: a file's path. */
    public String name(int picture) {
        return names.get(picture);
    }

    /**
     * Reads a picture.
     *
     * @throws IOException that names it, if it cannot be read
     */
    public RgbImage read(int picture) throws IOException {
        return source.read(picture);
    }

    /** Returns whether the classes are known. */
    public boolean labelled() {
        return labels != null;
    }

    /**
     * Returns a picture's class, counted from 0.
     *
     * @throws IllegalStateException if the classes are not known
     */
    public int label(int picture) {
        if (labels == null) {
            throw new IllegalStateException("the pictures have no labels");
        }
        return labels[picture];
    }

    /**
     * Returns at most {@code most} of these pictures, evenly over the classes: first one of each class, then a second
     * one of each that has two, and so on; where not every class can have one more, classes evenly spaced by number do.
     * Of one class, pictures go in their order. The result is in the order of these pictures, and the same every time.
     *
     * @param most at least 1
     * @throws IllegalStateException if the classes are not known
     */
    public LabelledPictures stratified(int most) {
        if (most < 1) {
            throw new IllegalArgumentException("expected at least 1 picture, not " + most);
        }
        Map<Integer, List<Integer>> byClass = new TreeMap<>();
        for (int i = 0; i < size(); i++) {
            byClass.computeIfAbsent(label(i), c -> new ArrayList<>()).add(i);
        }
        int left = Math.min(most, size());
        boolean[] chosen = new boolean[size()];
        for (int round = 0; left > 0; round++) {
            List<Integer> candidates = new ArrayList<>();
            for (List<Integer> members : byClass.values()) {
                if (round < members.size()) {
                    candidates.add(members.get(round));
                }
            }
            int take = Math.min(left, candidates.size());
            for (int i = 0; i < take; i++) {
                chosen[candidates.get((int) ((long) i * candidates.size() / take))] = true;
            }
            left -= take;
        }
        return some(IntStream.range(0, size()).filter(i -> chosen[i]).toArray());
    }

    /** Returns the pictures of these numbers, in their order; each at most once. */
    public LabelledPictures some(int... pictures) {
        int[] places = pictures.clone();
        if (IntStream.of(places).distinct().count() < places.length) {
            throw new IllegalArgumentException("a picture twice among " + places.length);
        }
        return new LabelledPictures(IntStream.of(places).mapToObj(names::get).toList(),
                labels == null ? null : IntStream.of(places).map(place -> labels[place]).toArray(),
                picture -> source.read(places[picture]));
    }
}

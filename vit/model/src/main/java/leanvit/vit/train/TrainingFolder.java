package leanvit.vit.train;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import leanvit.vit.data.LabelledPictures;
import leanvit.vit.image.Pictures;
import leanvit.vit.io.InvalidInputException;

/**
 * Pictures of a folder: either its {@code labels.csv} says their classes, and {@code labels.txt}, where it is there,
 * the classes' names; or each folder in it is a class, in the order of their names. Immutable, safe for use by several
 * threads.
 */
public final class TrainingFolder implements TrainingPictures {

    private static final String NAMES = "labels.txt";

    private final List<String> labels;
    private final List<Path> files;
    private final int[] classes;

    private TrainingFolder(List<String> labels, List<Path> files, int[] classes) {
        this.labels = List.copyOf(labels);
        this.files = List.copyOf(files);
        this.classes = classes;
    }

    /**
     * Finds the pictures; reads none.
     *
     * @throws InvalidInputException if the folder is missing, has no pictures, fewer than two classes, or a label that
     *                               is none of them
     * @throws IOException           if a file cannot be read
     */
    public static TrainingFolder of(Path folder) throws IOException {
        return find(folder, LabelledPictures.UNKNOWN_CLASSES);
    }

    /**
     * Finds pictures of a model's classes: {@code labels.csv} may have fewer of them, folders are to be one for each.
     *
     * @param classes how many the model has
     * @throws InvalidInputException as {@link #of(Path)}, and if a class is none of the model's
     * @throws IOException           if a file cannot be read
     */
    public static TrainingFolder of(Path folder, int classes) throws IOException {
        TrainingFolder found = find(folder, classes);
        int count = found.labels.size();
        boolean byFolders = !Files.exists(folder.resolve(LabelledPictures.LABELS));
        if (byFolders ? count != classes : count > classes) {
            throw new InvalidInputException(folder, "pictures of " + count + " classes, expected "
                    + (byFolders ? "a folder for each of the model's " : "labels of the model's ") + classes
                    + " classes");
        }
        return found;
    }

    private static TrainingFolder find(Path folder, int classes) throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new InvalidInputException(folder, Files.exists(folder) ? "not a folder" : "no such folder");
        }
        TrainingFolder found = Files.exists(folder.resolve(LabelledPictures.LABELS)) ? listed(folder, classes)
                : classFolders(folder);
        long used = IntStream.of(found.classes).distinct().count();
        if (used < 2) {
            throw new InvalidInputException(folder, "all pictures are of one class, "
                    + found.labels.get(found.classes[0]) + "; expected two classes or more");
        }
        return found;
    }

    private static TrainingFolder listed(Path folder, int most) throws IOException {
        Path names = folder.resolve(NAMES);
        List<String> labels = Files.exists(names) ? Files.readAllLines(names).stream().map(String::strip)
                .filter(line -> !line.isEmpty()).toList() : List.of();
        LabelledPictures pictures =
                LabelledPictures.of(List.of(folder), labels.isEmpty() ? most : labels.size());
        List<Path> files = new ArrayList<>();
        int[] classes = new int[pictures.size()];
        for (int i = 0; i < classes.length; i++) {
            files.add(Path.of(pictures.name(i)));
            classes[i] = pictures.label(i);
        }
        if (labels.isEmpty()) {
            int count = IntStream.of(classes).max().orElse(0) + 1;
            labels = IntStream.range(0, count).mapToObj(Integer::toString).toList();
        }
        return new TrainingFolder(labels, files, classes);
    }

    private static TrainingFolder classFolders(Path folder) throws IOException {
        Map<String, List<Path>> byClass = new LinkedHashMap<>();
        for (Path inside : sorted(folder)) {
            if (Files.isDirectory(inside)) {
                List<Path> pictures = sorted(inside).stream().filter(TrainingFolder::isPicture).toList();
                if (!pictures.isEmpty()) {
                    byClass.put(inside.getFileName().toString(), pictures);
                }
            }
        }
        if (byClass.isEmpty()) {
            throw new InvalidInputException(folder, "no pictures; expected " + LabelledPictures.LABELS
                    + ", or a folder for each class with JPEGs or PNGs in it");
        }
        List<String> labels = List.copyOf(byClass.keySet());
        List<Path> files = new ArrayList<>();
        List<Integer> classes = new ArrayList<>();
        for (String label : labels) {
            for (Path picture : byClass.get(label)) {
                files.add(picture);
                classes.add(labels.indexOf(label));
            }
        }
        return new TrainingFolder(labels, files, classes.stream().mapToInt(Integer::intValue).toArray());
    }

    private static List<Path> sorted(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(entry -> !entry.getFileName().toString().startsWith(".")).sorted().toList();
        }
    }

    private static boolean isPicture(Path file) {
        return file.getFileName().toString().toLowerCase(Locale.ROOT).matches(".*[.](jpe?g|png)");
    }

    /**
     * Returns a part of these pictures by a seed: of each class the first or the other {@code share} of its pictures in
     * a random order.
     *
     * @param share from 0 to 1
     * @param rest  whether to return those that the share does not take
     */
    public TrainingFolder part(double share, boolean rest, long seed) {
        List<Path> some = new ArrayList<>();
        List<Integer> of = new ArrayList<>();
        for (int label = 0; label < labels.size(); label++) {
            int wanted = label;
            int[] members = IntStream.range(0, classes.length).filter(i -> classes[i] == wanted).toArray();
            RandomStream.of(seed, label).shuffle(members);
            int taken = (int) Math.round(share * members.length);
            for (int i = rest ? taken : 0; i < (rest ? members.length : taken); i++) {
                some.add(files.get(members[i]));
                of.add(label);
            }
        }
        return new TrainingFolder(labels, some, of.stream().mapToInt(Integer::intValue).toArray());
    }

    /** Returns at most so many pictures, of each class about equally many, by a seed. */
    public TrainingFolder limited(int most, long seed) {
        return most >= files.size() ? this : part((double) most / files.size(), false, seed);
    }

    /** Returns the classes of which there is no picture. */
    public List<String> emptyClasses() {
        boolean[] used = new boolean[labels.size()];
        for (int label : classes) {
            used[label] = true;
        }
        return IntStream.range(0, used.length).filter(label -> !used[label]).mapToObj(labels::get).toList();
    }

    @Override
    public List<String> labels() {
        return labels;
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public String name(int picture) {
        return files.get(picture).toString();
    }

    @Override
    public TrainingSample sample(int epoch, int picture) throws IOException {
        return new TrainingSample(Pictures.read(files.get(picture)), classes[picture]);
    }
}

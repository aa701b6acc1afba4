package leanvit.reducers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Makes reducers from a SPEC, one text for the library and the command line:
 *
 * <pre>
 * none
 * tome:r=8  tome:r=16,inflect=-1  tome:r=8/8/4/0                    prop=off: no proportional attention
 * ltmp:merge=0.9/0.88/...,prune=0.002/...  ltmp:thresholds=FILE     merge or prune may be left out
 * etps:keep=0.7,layers=3/6/9
 * dtps:keep=0.7,layers=3/6/9,predictors=FILE
 * evit:keep=0.7,layers=3/6/9                                        fuse=off: no fused token
 * topk:keep=0.7,layers=3/6/9  topk:r=8  topk:r=8/8/4/0
 * pomt:r=56,layer=3                                                 upstream=on: as the authors' program
 * </pre>
 *
 * <p>Lists are written with {@code /}, blocks count from 0. A list of r holds block by block and is 0 after its end.
 * {@code layers} is 3/6/9 and {@code layer} is 3 where they are left out, as in the papers. {@code keep} is one rate or
 * one a layer: of the initial patches and cumulative for dtps and topk ({@link Schedule#keepOfInitial}), of the present
 * ones for etps and evit ({@link Schedule#keepOfCurrent}). One LTMP threshold stands for all blocks.
 *
 * <p>What depends on the model (its depth, its width, a class token) is checked by {@link TokenReducer#check}.
 */
public final class Reducers {

    private static final List<String> NAMES = List.of("none", "tome", "ltmp", "etps", "dtps", "evit", "topk", "pomt");
    private static final int POMT_LAYER = 3;

    private Reducers() {
    }

    /**
     * Makes the reducer of a SPEC that names no file.
     *
     * @throws InvalidSpecException where the SPEC cannot be: one line that names the value and says what is allowed
     */
    public static TokenReducer parse(String spec) {
        try {
            return parse(spec, path -> {
                throw new InvalidSpecException("file " + InvalidSpecException.quote(path)
                        + " cannot be read here: this needs parse(spec, files)");
            });
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /**
     * Makes the reducer of a SPEC.
     *
     * @param files reads the file that {@code thresholds=FILE} or {@code predictors=FILE} names
     * @throws InvalidSpecException where the SPEC or its file's tensors cannot be: one line that names the value and
     *                              says what is allowed
     * @throws IOException          where the file cannot be read
     */
    public static TokenReducer parse(String spec, TensorFiles files) throws IOException {
        int colon = spec.indexOf(':');
        String name = (colon < 0 ? spec : spec.substring(0, colon)).trim();
        if (!NAMES.contains(name)) {
            throw new InvalidSpecException("unknown reducer " + InvalidSpecException.quote(name) + ", known are "
                    + String.join(", ", NAMES));
        }
        try {
            SpecText settings = colon < 0 ? SpecText.empty() : SpecText.of(spec.substring(colon + 1).trim());
            return make(name, settings, files);
        } catch (InvalidSpecException problem) {
            throw new InvalidSpecException(name + ": " + problem.getMessage());
        }
    }

    /**
     * Makes the reducers of SPECs with {@code ;} between them, such as {@code none;tome:r=8;pomt:r=56}.
     *
     * @throws InvalidSpecException for the first SPEC that cannot be
     * @throws IOException          where a file cannot be read
     */
    public static List<TokenReducer> parseAll(String specs, TensorFiles files) throws IOException {
        List<TokenReducer> reducers = new ArrayList<>();
        for (String spec : specs.split(";", -1)) {
            reducers.add(parse(spec, files));
        }
        return List.copyOf(reducers);
    }

    private static TokenReducer make(String name, SpecText settings, TensorFiles files) throws IOException {
        return switch (name) {
            case "none" -> {
                settings.allow();
                yield new None();
            }
            case "tome" -> {
                settings.allow("r", "inflect", "prop");
                yield new ToMe(removals(settings, "tome:r=8"), settings.onOff("prop", true));
            }
            case "ltmp" -> ltmp(settings, files);
            case "etps" -> {
                settings.allow("keep", "layers");
                yield new ETps(Schedule.keepOfCurrent(rates(settings, name), layers(settings)));
            }
            case "dtps" -> dtps(settings, files);
            case "evit" -> {
                settings.allow("keep", "layers", "fuse");
                yield new EVit(Schedule.keepOfCurrent(rates(settings, name), layers(settings)),
                        settings.onOff("fuse", true));
            }
            case "topk" -> topK(settings);
            case "pomt" -> {
                settings.allow("r", "layer", "upstream");
                int layer = settings.has("layer") ? settings.whole("layer", "") : POMT_LAYER;
                yield new Pomt(Schedule.oneBlock(settings.whole("r", "pomt:r=56,layer=3"), layer),
                        settings.onOff("upstream", false));
            }
            default -> throw new IllegalStateException(name);
        };
    }

    private static TokenReducer ltmp(SpecText settings, TensorFiles files) throws IOException {
        settings.allow("merge", "prune", "thresholds");
        if (settings.has("thresholds")) {
            if (settings.has("merge") || settings.has("prune")) {
                throw new InvalidSpecException("thresholds=FILE says merge and prune: give it or them");
            }
            String file = settings.text("thresholds", "");
            return Ltmp.fromTensors(files.read(file), file);
        }
        float[] merge = settings.floats("merge");
        float[] prune = settings.floats("prune");
        if (merge == null && prune == null) {
            throw new InvalidSpecException(
                    "needs merge, prune or thresholds, such as ltmp:merge=0.9/0.9,prune=0.002/0.002, one value a block,"
                            + " or ltmp:thresholds=FILE.safetensors");
        }
        return merge == null ? Ltmp.pruneOnly(prune) : prune == null ? Ltmp.mergeOnly(merge) : Ltmp.of(merge, prune);
    }

    private static TokenReducer dtps(SpecText settings, TensorFiles files) throws IOException {
        settings.allow("keep", "layers", "predictors");
        Schedule.KeepOfInitial schedule = new Schedule.KeepOfInitial(rates(settings, "dtps"), layers(settings));
        String file = settings.text("predictors", "dtps:keep=0.7,layers=3/6/9,predictors=FILE.safetensors");
        Map<String, TensorFiles.Tensor> tensors = files.read(file);
        List<TokenPredictor> predictors = new ArrayList<>();
        while (predictors.isEmpty() || TokenPredictor.isIn(tensors, predictors.size())) {
            predictors.add(TokenPredictor.fromTensors(tensors, predictors.size(), file));
        }
        return new DTps(schedule, predictors, file);
    }

    private static TokenReducer topK(SpecText settings) {
        settings.allow("keep", "layers", "r");
        if (!settings.has("r")) {
            if (!settings.has("keep")) {
                throw new InvalidSpecException("needs keep or r, such as topk:keep=0.7,layers=3/6/9 or topk:r=8");
            }
            return new TopK(Schedule.keepOfInitial(rates(settings, "topk"), layers(settings)));
        }
        if (settings.has("keep") || settings.has("layers")) {
            throw new InvalidSpecException(
                    "r goes without keep and layers: it holds for every block, a list block by block");
        }
        return new TopK(removals(settings, "topk:r=8"));
    }

    private static Schedule removals(SpecText settings, String example) {
        List<Integer> r = settings.wholes("r", example);
        if (settings.has("inflect")) {
            if (r.size() > 1) {
                throw new InvalidSpecException("inflect goes with one r, not with a list of " + r.size());
            }
            return Schedule.inflected(r.get(0), settings.number("inflect", ""));
        }
        return r.size() > 1 ? Schedule.perBlock(r) : Schedule.constant(r.get(0));
    }

    private static List<Double> rates(SpecText settings, String name) {
        return settings.numbers("keep", name + ":keep=0.7,layers=3/6/9");
    }

    private static List<Integer> layers(SpecText settings) {
        return settings.has("layers") ? settings.wholes("layers", "") : Schedule.STAGES;
    }
}

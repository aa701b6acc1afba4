package leanvit.app.cli;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import leanvit.reducers.DTps;
import leanvit.reducers.InvalidSpecException;
import leanvit.reducers.Ltmp;
import leanvit.reducers.ModelShape;
import leanvit.reducers.None;
import leanvit.reducers.Reducers;
import leanvit.reducers.TensorFiles;
import leanvit.reducers.TokenReducer;
import leanvit.vit.io.InvalidInputException;
import leanvit.vit.json.JsonWriter;
import leanvit.vit.train.DTpsPass;
import leanvit.vit.train.LtmpPass;
import leanvit.vit.weights.Checkpoint;
import leanvit.vit.weights.DType;
import leanvit.vit.weights.Parameter;
import leanvit.vit.weights.Parameters;
import leanvit.vit.weights.SafeTensors;
import leanvit.vit.weights.SafeTensorsWriter;
import leanvit.vit.weights.VitConfig;
import leanvit.vit.weights.VitParameters;

/** {@code run --backward} with a reducer that learns: LTMP's training pass, or dTPS's. */
final class MaskedBackward {

    private static final List<String> LTMP_KEYS = List.of("tau", "target", "lambda", "epsilon");

    private final SafeTensors input;
    private final float[] pixels;
    private final int images;
    private final int threads;
    private final SafeTensorsWriter file;
    private final VitParameters model;
    private final VitConfig config;
    private final float[] targets;

    MaskedBackward(Checkpoint checkpoint, SafeTensors input, float[] pixels, int images, Options options,
                   SafeTensorsWriter file) throws IOException {
        this.input = input;
        this.pixels = pixels;
        this.images = images;
        this.file = file;
        threads = options.whole("--threads");
        model = VitParameters.read(checkpoint);
        config = model.config();
        targets = BackwardRun.distributions(input, images, config.classes());
    }

    /**
     * Makes the reducer of a SPEC that may have training's keys.
     *
     * @param training receives their values
     */
    static TokenReducer reducer(String spec, Map<String, String> training, Terminal terminal)
            throws IOException, UsageException {
        String rest = spec;
        try {
            rest = spec.startsWith("ltmp:") ? Reducers.without(spec, LTMP_KEYS, training) : spec;
        } catch (InvalidSpecException e) {
            throw new UsageException("--reducer: " + e.getMessage());
        }
        TokenReducer reducer = Models.reducer(rest, terminal);
        if (reducer instanceof Ltmp && !training.containsKey("target")) {
            throw new UsageException("--backward --reducer ltmp: needs target, the share of multiply-accumulates to "
                    + "keep, such as ltmp:thresholds=FILE,target=0.6");
        }
        if (!(reducer instanceof None || reducer instanceof Ltmp || reducer instanceof DTps)) {
            throw new UsageException("--backward goes with none, ltmp and dtps, which learn something; came "
                    + reducer.spec());
        }
        return reducer;
    }

    /** Adds what the reducer's pass gives. */
    void run(TokenReducer reducer, Map<String, String> training) throws IOException, UsageException {
        int prefix = model.parameters().all().stream().filter(p -> p.name().endsWith("_token"))
                .mapToInt(p -> p.shape()[1]).sum();
        reducer.check(new ModelShape(config.depth(), config.width(), config.heads(), prefix, config.patches()));
        if (reducer instanceof Ltmp ltmp) {
            ltmp(ltmp, training, prefix);
        } else {
            dtps((DTps) reducer);
        }
    }

    private void ltmp(Ltmp ltmp, Map<String, String> training, int prefix) throws UsageException {
        float[] merge = perBlock(ltmp.mergeThresholds());
        float[] prune = perBlock(ltmp.pruneThresholds());
        LtmpPass.Settings settings;
        try {
            settings = new LtmpPass.Settings(number(training, "tau", 0.1), number(training, "target", 1),
                    number(training, "lambda", 10), number(training, "epsilon", 1e-5), merge.length > 0,
                    prune.length > 0);
        } catch (IllegalArgumentException e) {
            throw new UsageException("--reducer ltmp: " + e.getMessage());
        }
        LtmpPass pass = new LtmpPass(model, images, settings, Models.executor(threads), threads);
        number("loss", pass.run(pixels, targets, images, merge, prune));
        number("ce", pass.crossEntropy());
        number("r_flops", pass.flopsRatio());
        file.floats("logits", pass.logits(), images, config.classes());
        int tokens = prefix + config.patches();
        for (int layer = 0; layer < config.depth(); layer++) {
            file.floats("mask." + layer, pass.mask(layer), images, tokens);
        }
        if (settings.merges()) {
            file.floats("grad.merge", floats(pass.mergeGradient()), config.depth());
        }
        if (settings.prunes()) {
            file.floats("grad.prune", floats(pass.pruneGradient()), config.depth());
        }
    }

    private float[] perBlock(float[] thresholds) {
        if (thresholds.length != 1) {
            return thresholds;
        }
        float[] all = new float[config.depth()];
        Arrays.fill(all, thresholds[0]);
        return all;
    }

    private static double number(Map<String, String> training, String key, double fallback) {
        String text = training.get(key);
        try {
            return text == null ? fallback : Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(key + "=" + JsonWriter.quoteShort(text) + " is not a number");
        }
    }

    private void dtps(DTps dtps) throws IOException {
        Parameters predictors =
                new Parameters(DTpsPass.predictorShapes(config.width(), dtps.predictors().size()));
        for (int s = 0; s < dtps.predictors().size(); s++) {
            for (Map.Entry<String, TensorFiles.Tensor> tensor : dtps.predictors().get(s).parameters().entrySet()) {
                Parameter parameter = predictors.get("predictor." + s + "." + tensor.getKey());
                System.arraycopy(tensor.getValue().values(), 0, predictors.values(), parameter.offset(),
                        parameter.length());
            }
        }
        DTpsPass pass = new DTpsPass(model, predictors, dtps.schedule(), dtps.squeezes(), parameter -> true, false,
                images, Models.executor(threads), threads);
        float[][] noise = new float[pass.stages()][];
        for (int s = 0; s < noise.length; s++) {
            noise[s] = noise(s);
        }
        number("loss", pass.run(pixels, targets, images, noise, null));
        number("ce", pass.crossEntropy());
        number("ratio_loss", pass.ratioLoss());
        file.floats("logits", pass.logits(), images, config.classes());
        for (int s = 0; s < noise.length; s++) {
            file.floats("decision." + s, pass.decision(s), images, config.patches());
        }
        model.addTo(file, "grad.", pass.modelGradients(), DType.F32);
        predictors.addTo(file, "grad.", pass.predictorGradients());
    }

    private float[] noise(int stage) throws IOException {
        String name = "gumbel." + stage;
        if (!input.has(name)) {
            throw new InvalidInputException(input.file(), "tensor \"" + name + "\": missing; dtps needs Gumbel noise ["
                    + images + ", " + config.patches() + ", 2] for each stage");
        }
        BackwardRun.checkTensor(input, name, BackwardRun.FLOATS, images, config.patches(), 2);
        return input.floats(name);
    }

    private void number(String name, double value) {
        file.floats(name, new float[] {(float) value}, 1);
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}

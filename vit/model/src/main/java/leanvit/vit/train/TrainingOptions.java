package leanvit.vit.train;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a Vision Transformer is trained. Each method changes this object and returns it. What they begin with suits
 * training from scratch on drawn pictures or a small set of photographs. Not safe for use by several threads at once; a
 * trainer reads it once, when it is made.
 */
public final class TrainingOptions {

    private int epochs = 30;
    private int batch = 64;
    private double rate = 1e-3;
    private double warmUpEpochs = 1;
    private double weightDecay = 0.05;
    private boolean decayAll;
    private double beta2 = AdamW.BETA2;
    private double clip = 1;
    private double ema;
    private double patchLoss;
    private Augmentation augmentation = Augmentation.LIGHT;
    private long seed;

    /** Makes options as they are to begin with. */
    public TrainingOptions() {
    }

    /** Sets how often every picture is seen, 1 or more (30). */
    public TrainingOptions epochs(int epochs) {
        check("epochs", epochs >= 1, epochs);
        this.epochs = epochs;
        return this;
    }

    /** Sets the pictures of a step, 1 or more (64). */
    public TrainingOptions batch(int batch) {
        check("batch", batch >= 1, batch);
        this.batch = batch;
        return this;
    }

    /** Sets the largest learning rate, which half a cosine then takes to 0 (0.001). */
    public TrainingOptions rate(double rate) {
        check("learning rate", rate > 0 && rate < 1e6, rate);
        this.rate = rate;
        return this;
    }

    /** Sets over how many epochs the rate climbs from 0, which may be a part of one (1). */
    public TrainingOptions warmUp(double epochs) {
        check("warm-up", epochs >= 0 && epochs < 1e6, epochs);
        warmUpEpochs = epochs;
        return this;
    }

    /** Sets AdamW's weight decay of matrices (0.05). */
    public TrainingOptions weightDecay(double decay) {
        check("weight decay", decay >= 0 && decay < 1e6, decay);
        weightDecay = decay;
        return this;
    }

    /** Has biases, norms, tokens and position embeddings decay too. */
    public TrainingOptions decayAll(boolean all) {
        decayAll = all;
        return this;
    }

    /** Sets AdamW's β2 (0.999); short runs do better with 0.98. */
    public TrainingOptions beta2(double beta2) {
        check("beta2", beta2 >= 0 && beta2 < 1, beta2);
        this.beta2 = beta2;
        return this;
    }

    /** Sets the largest norm of the gradients, 0 for any (1). */
    public TrainingOptions clip(double norm) {
        check("clip", norm >= 0 && norm < 1e30, norm);
        clip = norm;
        return this;
    }

    /** Sets the decay of the moving average that becomes the model, 0 for none (0). */
    public TrainingOptions ema(double decay) {
        check("ema", decay >= 0 && decay < 1, decay);
        ema = decay;
        return this;
    }

    /**
     * Sets the weight of a second loss, which names the thing on each patch, where the pictures have masks; 0 for none
     * (0). It fades to a fifth over the run.
     */
    public TrainingOptions patchLoss(double weight) {
        check("patch loss", weight >= 0 && weight < 1e6, weight);
        patchLoss = weight;
        return this;
    }

    /** Sets how pictures are varied ({@link Augmentation#LIGHT}). */
    public TrainingOptions augmentation(Augmentation augmentation) {
        this.augmentation = augmentation;
        return this;
    }

    /** Sets what the order of pictures and all that is drawn depends on (0). */
    public TrainingOptions seed(long seed) {
        this.seed = seed;
        return this;
    }

    private static void check(String name, boolean good, double value) {
        if (!good) {
            throw new IllegalArgumentException(name + " cannot be " + value);
        }
    }

    int epochs() {
        return epochs;
    }

    int batch() {
        return batch;
    }

    double rate() {
        return rate;
    }

    double warmUpEpochs() {
        return warmUpEpochs;
    }

    double weightDecay() {
        return weightDecay;
    }

    boolean decayAll() {
        return decayAll;
    }

    double beta2() {
        return beta2;
    }

    double clip() {
        return clip;
    }

    double ema() {
        return ema;
    }

    double patchLoss() {
        return patchLoss;
    }

    Augmentation augmentation() {
        return augmentation;
    }

    long seed() {
        return seed;
    }

    /** Returns what changes a run's result, by name. */
    Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("epochs", Integer.toString(epochs));
        settings.put("batch", Integer.toString(batch));
        settings.put("learning rate", Double.toString(rate));
        settings.put("warm-up", Double.toString(warmUpEpochs));
        settings.put("weight decay", Double.toString(weightDecay) + (decayAll ? " of all" : ""));
        settings.put("beta2", Double.toString(beta2));
        settings.put("clip", Double.toString(clip));
        settings.put("ema", Double.toString(ema));
        settings.put("patch loss", Double.toString(patchLoss));
        settings.put("augmentation", augmentation.toString());
        settings.put("seed", Long.toString(seed));
        return settings;
    }

    TrainingOptions copy() {
        return new TrainingOptions().epochs(epochs).batch(batch).rate(rate).warmUp(warmUpEpochs)
                .weightDecay(weightDecay).decayAll(decayAll).beta2(beta2).clip(clip).ema(ema).patchLoss(patchLoss)
                .augmentation(augmentation).seed(seed);
    }
}

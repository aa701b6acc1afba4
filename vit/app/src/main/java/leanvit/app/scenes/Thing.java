package leanvit.app.scenes;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import leanvit.vit.train.RandomStream;

/** The classes, in their order; a name's place is its label. */
enum Thing {
    APPLE(LivingThings::apple, 30), BALLOON(SkyThings::balloon, 25), BUTTERFLY(LivingThings::butterfly, 60),
    CAR(MadeThings::car, 12), CUP(MadeThings::cup, 15), FISH(LivingThings::fish, 30),
    FLOWER(LivingThings::flower, 25), HEART(SkyThings::heart, 35), HOUSE(MadeThings::house, 8),
    KEY(MadeThings::key, 180), MOON(SkyThings::moon, 60), MUSHROOM(LivingThings::mushroom, 20),
    SAILBOAT(MadeThings::sailboat, 12), STAR(SkyThings::star, 180), TREE(LivingThings::tree, 8),
    UMBRELLA(MadeThings::umbrella, 35);

    private static final List<Thing> ALL = List.of(values());

    private final Function<RandomStream, List<Part>> parts;
    private final double tilt;

    Thing(Function<RandomStream, List<Part>> parts, double tilt) {
        this.parts = parts;
        this.tilt = tilt;
    }

    static List<Thing> all() {
        return ALL;
    }

    /** Returns the class's name. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Draws one of its kind: parts from back to front, which fill about [-1, 1]. */
    List<Part> parts(RandomStream random) {
        return parts.apply(random);
    }

    /** Returns a turn in degrees: what stands on the ground is seen nearly upright. */
    double turn(RandomStream random) {
        return tilt == 180 ? random.between(-180, 180)
                : Math.min(1, Math.max(-1, 0.5 * random.normal())) * tilt;
    }
}

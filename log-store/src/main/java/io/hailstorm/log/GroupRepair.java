package io.hailstorm.log;

import io.hailstorm.kernel.Disk;
import io.hailstorm.kernel.MappedFile;
import io.hailstorm.log.RepairStep.Damage;
import java.nio.file.Path;
import java.util.List;

/** Finds consumer groups whose position is lost. */
final class GroupRepair {
    private GroupRepair() {}

    static void examine(Disk disk, Path directory, List<RepairStep> steps) {
        if (!disk.list(directory).contains(GroupFile.FILE_NAME)) {
            return;
        }
        Path path = directory.resolve(GroupFile.FILE_NAME);
        try (MappedFile file = disk.open(path, Disk.Access.READ_ONLY)) {
            if (file.lengthBytes() < GroupFile.FILE_LENGTH) {
                String reason = "the file is too short: the positions of all groups of this partition are lost";
                steps.add(new RepairStep.RemoveFile(
                        new Damage(GroupFile.FILE_NAME, 0, file.lengthBytes(), 0, 0, reason), path));
                return;
            }
            for (int index : GroupFile.lostGroups(file.buffer())) {
                int position = 2 * index * GroupFile.SLOT_LENGTH;
                String reason = "neither slot of a group checks out: the position of " + GroupFile.nameIn(file, index)
                        + " is lost, it starts over";
                steps.add(new RepairStep.ForgetGroup(
                        new Damage(GroupFile.FILE_NAME, position, 2 * GroupFile.SLOT_LENGTH, 0, 0, reason), path));
            }
        }
    }
}

namespace HashStore.Storage.Durability;

/// <summary>Small files of STATE that are there whole or not at all.</summary>
internal static class DurableFiles
{
    /// <summary>Makes a folder of STATE, durably, if it is not there.</summary>
    internal static void MakeFolder(string folder)
    {
        if (!Directory.Exists(folder))
        {
            _ = Posix.MakeDirectory(folder);
            Posix.SyncDirectory(Path.GetDirectoryName(folder)!);
        }
    }

    /// <summary>Writes a file: temporary name, sync, rename, sync of the folder.</summary>
    /// <exception cref="IOException">It cannot be written; what was there before is still there.</exception>
    internal static void Replace(string path, ReadOnlySpan<byte> content)
    {
        var temporary = path + ".new";
        try
        {
            using (var handle = Posix.OpenToWrite(temporary, FileMode.Create))
            {
                Posix.Write(handle, content, 0);
                Posix.SyncFile(handle);
            }

            Posix.Rename(temporary, path);
        }
        catch
        {
            _ = Posix.Unlink(temporary);
            throw;
        }

        Posix.SyncDirectory(Path.GetDirectoryName(path)!);
    }
}

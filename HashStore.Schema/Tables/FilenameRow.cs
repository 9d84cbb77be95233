namespace HashStore.Schema.Tables;

/// <summary>A name (table <c>filename</c>). An upload counts for its object unless its content is hidden or its name is deleted.</summary>
public sealed class FilenameRow
{
    /// <summary>Number of the name; stays the same when it is renamed.</summary>
    public long Id { get; set; }

    /// <summary>The name, unique, compared byte by byte.</summary>
    public string Name { get; set; } = "";

    /// <summary>The current version (<see cref="UploadRow.Id"/>); null for a redirect.</summary>
    public long? Latest { get; set; }

    /// <summary>Whether the name with all its versions is deleted.</summary>
    public bool Deleted { get; set; }

    /// <summary>The name (<see cref="Id"/>) that this one was renamed to; null for a name with content of its own.</summary>
    public long? Redirect { get; set; }
}

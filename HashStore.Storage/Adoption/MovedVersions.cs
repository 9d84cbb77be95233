using HashStore.Schema;
using HashStore.Schema.Tables;
using HashStore.Storage.Catalog;

namespace HashStore.Storage.Adoption;

/// <summary>
/// Versions that the tables told of under another name before, and tell of under this one now: the wiki has moved them. It copies the bytes and removes what was there, so that no link tells of it. They leave the name that they
/// had, and a name that has nothing left leads to the new one, as after a rename.
/// </summary>
internal static class MovedVersions
{
    /// <summary>Content that more versions than that show is not searched for one that was moved: all of them would be looked at, each time.</summary>
    private const int Popular = 200;

    /// <summary>Takes a version from the name that it had, if it is one that was moved.</summary>
    /// <param name="catalog">The writer's transaction.</param>
    /// <param name="nameId">The name that has it now.</param>
    /// <param name="version">The version; it is written.</param>
    /// <param name="counts">Gets the references that go.</param>
    internal static void Leave(CatalogTransaction catalog, long nameId, AdoptedVersion version, Dictionary<ContentKey, long> counts)
    {
        if (catalog.FindFile(version.Content.Key) is null or { RefCount: > Popular })
        {
            return;
        }

        foreach (var twin in catalog.ReadAll(MovedStatements.FindTwins, Twin.Read, version.Content.Key.ToArray(), version.Timestamp, version.UserText, nameId))
        {
            // What a row still tells of is no other's. What this version's own row once became was renamed here, not in the wiki.
            if (twin.UploadId != version.KnownUploadId && catalog.ReadOne(MovedStatements.FindRow, row => row.GetInt64(0), LegacyNames.HashOf(twin.Name), twin.UploadId, version.Timestamp) is null)
            {
                Leave(catalog, nameId, version, twin, counts);
            }
        }
    }

    private static void Leave(CatalogTransaction catalog, long nameId, AdoptedVersion version, Twin twin, Dictionary<ContentKey, long> counts)
    {
        if (!twin.IsNameDeleted && !twin.HidesContent)
        {
            counts[version.Content.Key] = counts.GetValueOrDefault(version.Content.Key) - 1;
        }

        catalog.Execute(MovedStatements.MoveLinks, version.UploadId, twin.UploadId);
        var left = catalog.ReadAll(ConversionStatements.ReadUploadsOfName, row => (Id: row.GetInt64(0), Key: new ContentKey((byte[])row[1]), Hidden: (HiddenParts)row.GetInt16(3)), twin.NameId);
        left.RemoveAll(other => other.Id == twin.UploadId);
        if (left.Count == 0)
        {
            catalog.Execute(MovedStatements.SetRedirect, nameId, twin.NameId);
            catalog.Execute(Statements.MoveRedirects, nameId, twin.NameId);
        }
        else if (twin.IsLatest)
        {
            // An older version must not be shown as the current one only because that has gone.
            if (!twin.IsNameDeleted)
            {
                foreach (var (_, key, _) in left.Where(other => (other.Hidden & HiddenParts.Content) == 0))
                {
                    counts[key] = counts.GetValueOrDefault(key) - 1;
                }

                catalog.Execute(Statements.MarkAllDeleted, "", catalog.Now, "Moved in the wiki.", twin.NameId);
            }

            catalog.Execute(Statements.SetLatest, left[^1].Id, twin.NameId);
            catalog.Execute(Statements.SetNameDeleted, true, twin.NameId);
        }

        catalog.Execute(MovedStatements.RemoveUpload, twin.UploadId);
    }

    /// <summary>A version of another name that is the same in content, time and user.</summary>
    private sealed record Twin(long UploadId, long NameId, string Name, bool IsLatest, bool IsNameDeleted, bool HidesContent)
    {
        internal static Twin Read(System.Data.Common.DbDataReader row) => new(
            row.GetInt64(0), row.GetInt64(1), row.GetString(2), !row.IsDBNull(3) && row.GetInt64(3) == row.GetInt64(0), row.GetBoolean(4), ((HiddenParts)row.GetInt16(5) & HiddenParts.Content) != 0);
    }
}
